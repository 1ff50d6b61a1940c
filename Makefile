# dwell: a preloaded heap profiler. `make help` lists the targets.
# Each part has its own fragment: what it builds, from what, with which flags.

ifeq ($(origin CC),default)
CC = gcc
endif
ifeq ($(origin CXX),default)
CXX = g++
endif
BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=

CFLAGS ?= -O2 -g
WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla
BASE_CFLAGS = -std=gnu11 $(WARNINGS) -fno-common -fstack-protector-strong -D_GNU_SOURCE -MMD -MP

.DEFAULT_GOAL := all
.PHONY: all help setup demo test stress zoo real check bench compat fuzz format install uninstall clean

all: # build everything into build/

include shim/module.mk
include producer/module.mk
include viewer/module.mk
include tests/module.mk

setup: # install what the build needs (Debian)
	@tools/install-packages build

demo: # install what is missing, build, run the story, show the diagnosis
	@tools/install-packages build
	@$(MAKE) --no-print-directory all
	@tools/demo $(BUILD)

test: # install what is missing, build, run all tests
	@tools/install-packages build test
	@$(MAKE) --no-print-directory all tests
	@tests/run-all $(BUILD)

stress: # what needs minutes or quiet; STRESS="kills pairing steps figures zoo real"
	@tools/install-packages build test zoo real
	@$(MAKE) --no-print-directory all tests stress-programs zoo-programs real-programs
	@tests/stress/run $(BUILD) $(STRESS)

zoo: # what live programs really did against the verdicts on them; ZOO="--quick bounded"
	@tools/install-packages build zoo
	@$(MAKE) --no-print-directory all zoo-programs
	@tests/zoo/run $(BUILD) $(ZOO)

real: # verdicts on real programs, and what-if against what then was; REAL="ordinary queues predictions"
	@tools/install-packages build test real
	@$(MAKE) --no-print-directory all real-programs
	@tests/real/run $(BUILD) $(REAL)

check: # warnings of two compilers, linters, sanitizers
	@tools/install-packages build test check
	@tools/check

bench: # cost of recording, speed of reading; BENCH="pair real" parts, BENCH_RUNS=5
	@tools/install-packages build test bench
	@$(MAKE) --no-print-directory all bench-programs
	@tests/bench/run $(BUILD) $(BENCH)

compat: # self-checks of real packages, bare and recorded; COMPAT="python git"
	@tools/install-packages build compat
	@$(MAKE) --no-print-directory all
	@tests/compat/run $(BUILD) $(COMPAT)

fuzz: # fuzz the trace reader; FUZZ_SECONDS=60
	@tools/install-packages build check
	@tests/fuzz/run $(or $(FUZZ_SECONDS),60)

format: # clang-format over all sources
	clang-format -i $$(git ls-files '*.c' '*.h' '*.cc')

install: all # install below $(DESTDIR)$(PREFIX)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib \
	  $(DESTDIR)$(PREFIX)/include $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/doc/dwell
	install -m 755 $(BUILD)/dwell $(BUILD)/producer_demo $(BUILD)/producer_broker $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(BUILD)/libdwell.so $(BUILD)/libproducer.so $(DESTDIR)$(PREFIX)/lib
	install -m 644 producer/producer.h $(DESTDIR)$(PREFIX)/include
	install -m 644 man/dwell.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 README.md CHANGELOG.md LICENSE docs/summary-json.md docs/reading.md \
	  $(DESTDIR)$(PREFIX)/share/doc/dwell

uninstall: # remove what install put there
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/bin/,dwell producer_demo producer_broker) \
	  $(addprefix $(DESTDIR)$(PREFIX)/lib/,libdwell.so libproducer.so) \
	  $(DESTDIR)$(PREFIX)/include/producer.h $(DESTDIR)$(PREFIX)/share/man/man1/dwell.1
	rm -rf $(DESTDIR)$(PREFIX)/share/doc/dwell

clean: # remove build/
	rm -rf $(BUILD)

help: # this list
	@sed -n 's/^\([a-z]*\):.*# \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
