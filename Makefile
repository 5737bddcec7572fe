# shakedown - one Makefile for everything. Targets: all demo check check-peers bench fuzz install clean deps
#   make SAN=address,undefined all    builds with sanitizers in a folder of its own (and allocation torture)
SAN    ?=
PREFIX ?= /usr/local
BUILD  := build$(if $(SAN),-$(subst $(comma),-,$(SAN)))
comma  := ,
CC     ?= cc

PACKAGES := build-essential pkg-config libsymspg-dev libgsl-dev libopenblas-dev zlib1g-dev libsqlite3-dev \
            libcjson-dev libcmocka-dev

CPPFLAGS += -Iinclude -I$(BUILD) -D_POSIX_C_SOURCE=200809L $(if $(SAN),-DSKD_TORTURE) \
            $(shell pkg-config --cflags openblas 2>/dev/null)
CFLAGS   ?= -O2 -g
# No -Wpedantic: before C23 it refuses to pass double[3][3] where const double[3][3] is wanted, and we
# keep the const.
CFLAGS   += -std=c11 -fopenmp -fno-math-errno -ffp-contract=off \
            -Wall -Wextra -Wconversion -Wshadow -Wno-unknown-pragmas -Werror \
            $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all)
LDLIBS   += -lsymspg -lgsl -lopenblas -lsqlite3 -lcjson -lz -lm

LIB_SRC  := $(wildcard src/base/*.c src/crystal/*.c src/search/*.c distortions/*.c relax/*.c fingerprints/*.c data/*.c)
CLI_SRC  := $(wildcard src/cli/*.c)
TEST_SRC := $(wildcard tests/test_*.c)
LIB_OBJ  := $(LIB_SRC:%.c=$(BUILD)/%.o)
CLI_OBJ  := $(CLI_SRC:%.c=$(BUILD)/%.o)
TESTS    := $(TEST_SRC:%.c=$(BUILD)/%)
PROGRAM  := $(if $(SAN),$(BUILD)/shakedown,shakedown)
GENERATED := $(BUILD)/elements_table.h

all: $(PROGRAM)

$(BUILD)/elements_table.h: data/tables/elements.tsv data/tables/elements.awk
	@mkdir -p $(@D)
	awk -f data/tables/elements.awk data/tables/elements.tsv > $@.tmp && mv $@.tmp $@

$(BUILD)/%.o: %.c | $(GENERATED)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/libshakedown.a: $(LIB_OBJ)
	@rm -f $@
	ar rcs $@ $^

$(PROGRAM): $(CLI_OBJ) $(BUILD)/libshakedown.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/tests/test_%: $(BUILD)/tests/test_%.o $(BUILD)/libshakedown.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS)

-include $(LIB_OBJ:.o=.d) $(CLI_OBJ:.o=.d) $(TESTS:=.d)

.PHONY: all tests deps demo check check-one check-peers bench fuzz install clean
.SECONDARY:
tests: $(TESTS) $(PROGRAM)

clean:
	rm -rf build build-* shakedown

# --- what a bare Debian 12 lacks ---------------------------------------------------------------
deps:
	@tests/deps.sh $(PACKAGES)
