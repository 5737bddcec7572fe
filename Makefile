# shakedown - one Makefile for everything.
#   make                 the program, ./shakedown
#   make demo            on a bare Debian 12: installs what is missing, builds, searches the vacancy in CdTe
#   make check           all tests, plain and with sanitizers; ends with 'N passed, N failed'
#   make check-peers     side by side with ASE, dscribe, ShakeNBreak, tblite (installs them from PyPI under build/)
#   make bench           speed, next to those programs
#   make fuzz            the parsers, FUZZ_SECONDS=60 each
#   make install PREFIX= DESTDIR=
#   make clean
# SAN=address,undefined builds with sanitizers in a folder of its own (and with failing allocations for
# the tests); CC=clang works too, without threads where its OpenMP library is missing.
SAN     ?=
PREFIX  ?= /usr/local
DESTDIR ?=
FUZZ_SECONDS ?= 60
comma   := ,
BUILD   := build$(if $(SAN),-$(subst $(comma),-,$(SAN)))
JOBS    := $(shell nproc 2>/dev/null || echo 2)

PACKAGES := build-essential pkg-config libsymspg-dev libgsl-dev zlib1g-dev libsqlite3-dev \
            libcjson-dev libxml2-dev libcmocka-dev libopenblas-pthread-dev libopenmpi-dev openmpi-bin

# Does this compiler have OpenMP, its run-time library included?
OPENMP := $(shell printf '\043include <omp.h>\nint main(void) { return omp_get_num_procs() == 0; }\n' | \
                  $(CC) -x c -fopenmp -o /dev/null - >/dev/null 2>&1 && echo -fopenmp)

CPPFLAGS += -Iinclude -Irelax -I$(BUILD) -isystem /usr/include/libxml2 -D_POSIX_C_SOURCE=200809L $(if $(SAN),-DSKD_TORTURE)
CFLAGS   ?= $(if $(SAN),-O1,-O2) -g
# No -Wpedantic: before C23 it refuses to pass double[3][3] where const double[3][3] is wanted, and we
# keep the const. No -Wformat-truncation: messages are cut to their buffers on purpose. No -Wpsabi: vectors
# are handed only to functions of the same file.
CFLAGS   += -std=c11 $(OPENMP) -fno-math-errno -ffp-contract=off \
            -Wall -Wextra -Wconversion -Wshadow -Wno-unknown-pragmas -Wno-unknown-warning-option -Wno-psabi -Wno-format-truncation -Werror \
            $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all)
# Open MPI, for scans over several machines; not with sanitizers, which it does not pass.
MPI := $(if $(SAN),,$(shell pkg-config --exists ompi-c 2>/dev/null && echo yes))
ifdef MPI
CPPFLAGS += -DSKD_MPI $(patsubst -I%,-isystem %,$(shell pkg-config --cflags-only-I ompi-c))
MPI_LIBS := $(shell pkg-config --libs ompi-c)
endif

LIBS     := -lsymspg -lgsl -lopenblas -lsqlite3 -lcjson -lxml2 -lz -lm
LDLIBS   += $(LIBS)

LIB_SRC   := $(wildcard src/base/*.c src/crystal/*.c src/search/*.c src/teachers/*.c distortions/*.c relax/*.c relax/gfn1/*.c relax/learned/*.c relax/calibration/*.c fingerprints/*.c data/*.c)
CLI_SRC   := $(wildcard src/cli/*.c)
TEST_SRC  := $(wildcard tests/test_*.c)
PEER_SRC  := $(wildcard tests/peers/*.c)
BENCH_SRC := $(wildcard tests/bench/*.c)
LIB_OBJ   := $(LIB_SRC:%.c=$(BUILD)/%.o)
CLI_OBJ   := $(CLI_SRC:%.c=$(BUILD)/%.o)
TESTS     := $(TEST_SRC:%.c=$(BUILD)/%)
PEERS     := $(PEER_SRC:%.c=$(BUILD)/%)
BENCHES   := $(BENCH_SRC:%.c=$(BUILD)/%)
PROGRAM   := $(if $(SAN),$(BUILD)/shakedown,shakedown)
ALL_OBJ   := $(LIB_OBJ) $(CLI_OBJ) $(TESTS:=.o) $(PEERS:=.o) $(BENCHES:=.o)

# V=1 shows the commands.
Q   := $(if $(V),,@)
say  = $(if $(V),,@printf '  %-4s %s\n' $(1) $@)

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all tests peers benches deps demo check check-peers bench fuzz install clean FORCE

all: $(PROGRAM)
tests: $(TESTS) $(PROGRAM)
peers: $(PEERS) $(PROGRAM)
benches: $(BENCHES) $(PROGRAM)

# Objects are made anew when the compiler or a flag changes.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(CPPFLAGS) $(CFLAGS)' | cmp -s - $@ || echo '$(CC) $(CPPFLAGS) $(CFLAGS)' > $@

$(BUILD)/elements_table.h: data/tables/elements.tsv data/tables/elements.awk
	@mkdir -p $(@D)
	$(call say,GEN)
	$(Q)awk -f data/tables/elements.awk data/tables/elements.tsv > $@
$(BUILD)/src/crystal/elements.o: $(BUILD)/elements_table.h

# The templates of inputs, so that the program carries them.
TEMPLATES := $(sort $(filter-out %.awk,$(wildcard data/templates/*))) data/tables/potcars.txt data/tables/gth.txt
$(BUILD)/templates.h: $(TEMPLATES) data/templates/embed.awk
	@mkdir -p $(@D)
	$(call say,GEN)
	$(Q)(echo 'static const char *const text_files[][2] = {'; awk -f data/templates/embed.awk $(TEMPLATES); \
	     echo '};') > $@
$(BUILD)/data/codes.o: $(BUILD)/templates.h

# The ready-made models, likewise.
READY := $(sort $(wildcard data/models/*.model.gz))
$(BUILD)/ready_models.h: $(READY) data/models/embed.sh
	@mkdir -p $(@D)
	$(call say,GEN)
	$(Q)sh data/models/embed.sh $(READY) > $@
$(BUILD)/data/model_ready.o: $(BUILD)/ready_models.h

GFN1_TABLES := $(patsubst %,data/tables/gfn1_%.tsv,elements shells slater c6)
$(BUILD)/gfn1_table.h: $(GFN1_TABLES) data/tables/gfn1.awk
	@mkdir -p $(@D)
	$(call say,GEN)
	$(Q)awk -f data/tables/gfn1.awk $(GFN1_TABLES) > $@
$(BUILD)/relax/gfn1/params.o: $(BUILD)/gfn1_table.h

$(BUILD)/gfn1_errors_table.h: data/tables/gfn1_errors.tsv data/tables/gfn1_errors.awk
	@mkdir -p $(@D)
	$(call say,GEN)
	$(Q)awk -f data/tables/gfn1_errors.awk data/tables/gfn1_errors.tsv > $@
$(BUILD)/src/search/known_errors.o: $(BUILD)/gfn1_errors_table.h

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/libshakedown.a: $(LIB_OBJ)
	@rm -f $@
	$(call say,AR)
	$(Q)ar rcs $@ $^

$(PROGRAM): $(CLI_OBJ) $(BUILD)/libshakedown.a
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(MPI_LIBS)

$(TESTS): %: %.o $(BUILD)/libshakedown.a
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS)

$(PEERS) $(BENCHES): %: %.o $(BUILD)/libshakedown.a
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

-include $(ALL_OBJ:.o=.d)

# --- for people ---------------------------------------------------------------------------------
# A bare machine has neither compiler nor pkg-config when this file is read: whatever needs them is
# started as a make of its own, after deps.
SUBMAKE = $(MAKE) --no-print-directory -j$(JOBS)

deps:
	@tests/deps.sh $(PACKAGES)

demo: deps
	@$(SUBMAKE) all
	./shakedown search data/hosts/CdTe.POSCAR --defect v_Cd -o cdte_run

check: deps
	@MAKE='$(SUBMAKE)' tests/run_tests.sh

check-peers: deps
	@$(SUBMAKE) peers
	@tests/peers/run.sh

bench: deps
	@$(SUBMAKE) benches
	@tests/bench/run.sh

fuzz: deps
	@tests/deps.sh clang libclang-rt-14-dev
	@$(SUBMAKE) $(BUILD)/elements_table.h $(BUILD)/gfn1_table.h $(BUILD)/ready_models.h $(BUILD)/templates.h
	@tests/fuzz/fuzz.sh run $(BUILD) $(FUZZ_SECONDS)

clean:
	rm -rf build build-* shakedown

# --- installation -------------------------------------------------------------------------------
VERSION = $(shell sed -n 's/^.define SKD_VERSION "\(.*\)"/\1/p' include/shakedown/base.h)
SHARE   = $(DESTDIR)$(PREFIX)/share/shakedown

$(BUILD)/shakedown.pc: FORCE
	@printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$${prefix}/lib' 'includedir=$${prefix}/include' '' \
	    'Name: shakedown' 'Description: point-defect structure search' 'Version: $(VERSION)' \
	    'Cflags: -I$${includedir}' 'Libs: -L$${libdir} -lshakedown $(LIBS) $(OPENMP)' > $@

install: $(PROGRAM) $(BUILD)/libshakedown.a $(BUILD)/shakedown.pc
	install -D -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/shakedown
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/include/shakedown include/shakedown/*.h
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib $(BUILD)/libshakedown.a
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/pkgconfig $(BUILD)/shakedown.pc
	install -D -m 644 -t $(SHARE)/hosts $(wildcard data/hosts/*)
	install -D -m 644 -t $(SHARE)/templates $(TEMPLATES)
	install -D -m 644 -t $(SHARE)/models $(READY)
	install -D -m 644 -t $(SHARE) data/SOURCES.md
