/* SPDX-License-Identifier: MIT */
/* fixed.c - numbers with so many decimals, the bytes of printf: most of the time of writing a structure, otherwise. */
#include <string.h>

#include "shakedown/base.h"

#ifdef __SIZEOF_INT128__
/* |x| rounded to the decimals, ties to even as printf does: its whole part, and its fraction times 10^decimals. The
 * fraction is m 2^-shift with m below 2^53, and 10^16 is below 2^54: product and remainder are exact in 128 bits. */
static bool fixed_digits(double x, int decimals, uint64_t *whole, uint64_t *fraction) {
    uint64_t ten = 1;
    int exponent;
    if (!(fabs(x) < 1e15) || decimals < 0 || decimals > 16)
        return false;
    for (int k = 0; k < decimals; k++)
        ten *= 10;
    *whole = (uint64_t)fabs(x);
    const uint64_t m = (uint64_t)ldexp(frexp(fabs(x) - (double)*whole, &exponent), 53);
    const int shift = 53 - exponent; /* >= 53: the fraction is below one */
    const __uint128_t product = (__uint128_t)m * ten;
    *fraction = 0;
    if (shift < 108) { /* beyond, the product is below half a unit */
        const __uint128_t half = (__uint128_t)1 << (shift - 1), rest = product & (2 * half - 1);
        *fraction = (uint64_t)(product >> shift);
        *fraction += rest > half || (rest == half && (decimals ? *fraction : *whole) % 2);
    }
    if (*fraction == ten) {
        *fraction = 0;
        ++*whole;
    }
    return true;
}
#else
static bool fixed_digits(double x, int decimals, uint64_t *whole, uint64_t *fraction) {
    (void)x, (void)decimals, (void)whole, (void)fraction;
    return false;
}
#endif

/* Writes the digits of x before `end`, `least` of them at least. Returns the first. */
static char *put_digits(char *end, uint64_t x, int least) {
    for (; x || least > 0; x /= 10, least--)
        *--end = (char)('0' + x % 10);
    return end;
}

void skd_string_add_fixed(skd_string *s, double x, int width, int decimals) {
    char text[64], *const end = text + sizeof text, *p = end;
    uint64_t whole, fraction;
    if (width < 0 || width > 60 || !fixed_digits(x, decimals, &whole, &fraction)) {
        skd_string_add(s, "%*.*f", width, decimals, x);
        return;
    }
    p = put_digits(p, fraction, decimals);
    if (decimals)
        *--p = '.';
    p = put_digits(p, whole, 1);
    if (signbit(x))
        *--p = '-';
    while (end - p < width)
        *--p = ' ';
    skd_string_add_bytes(s, p, (size_t)(end - p));
}
