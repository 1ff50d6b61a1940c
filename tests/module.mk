# Tests. tests/PART/test_*.c are Criterion tests of one part, linked into build/tests/test_PART;
# tests/shim/programs/* are tiny programs that run under the recorder, one a file.
TEST_CFLAGS = $(BASE_CFLAGS) $(CFLAGS) -pthread -I.
test_sources = $(wildcard tests/$(1)/*.c)
test_objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(call test_sources,$(1)))

$(BUILD)/obj/tests/%.o: tests/%.c tests/module.mk
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -c -o $@ $<

$(BUILD)/tests/test_viewer: $(call test_objects,viewer) $(BUILD)/libviewer.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -pthread -o $@ $^ $(VIEWER_LIBS) -lcriterion

# the diagnosis on processes in virtual time
VIRTUAL_OBJECTS = $(filter-out %/zoo_virtual.o,$(filter-out $(BUILD)/obj/tests/virtual/test_%,$(call test_objects,virtual)))
$(BUILD)/tests/test_virtual: $(filter $(BUILD)/obj/tests/virtual/test_%,$(call test_objects,virtual)) $(VIRTUAL_OBJECTS) $(BUILD)/libviewer.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -pthread -o $@ $^ $(VIEWER_LIBS) -lcriterion

$(BUILD)/tests/zoo_virtual: $(BUILD)/obj/tests/virtual/zoo_virtual.o $(VIRTUAL_OBJECTS) $(BUILD)/libviewer.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $^ $(VIEWER_LIBS)

$(BUILD)/tests/test_producer: $(call test_objects,producer) $(PRODUCER_OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -pthread -o $@ $^ -lisal -lcriterion

$(BUILD)/tests/test_shim: $(call test_objects,shim) $(BUILD)/libviewer.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -pthread -o $@ $^ $(VIEWER_LIBS) -lcriterion

$(BUILD)/tests/test_e2e: $(call test_objects,e2e) $(BUILD)/obj/tests/stress/ledger_check.o $(BUILD)/libviewer.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -pthread -o $@ $^ $(VIEWER_LIBS) -lcriterion

TEST_PROGRAMS = $(patsubst tests/shim/programs/%.c,$(BUILD)/tests/programs/%,$(wildcard tests/shim/programs/*.c)) \
  $(patsubst tests/shim/programs/%.cc,$(BUILD)/tests/programs/%,$(wildcard tests/shim/programs/*.cc))
# -O1 without inlining and tail calls: the call sites that a test names stay where they are
PROGRAM_FLAGS = -g -O1 -fno-inline -fno-optimize-sibling-calls -D_GNU_SOURCE -pthread -fno-builtin

$(BUILD)/tests/programs/%: tests/shim/programs/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(WARNINGS) $(PROGRAM_FLAGS) -MMD -MP -o $@ $< -ldl

$(BUILD)/tests/programs/%: tests/shim/programs/%.cc
	@mkdir -p $(@D)
	$(CXX) -std=c++17 -Wall -Wextra $(PROGRAM_FLAGS) -MMD -MP -o $@ $< -ldl

.PHONY: tests stress-programs bench-programs
tests: $(BUILD)/tests/test_viewer $(BUILD)/tests/test_virtual $(BUILD)/tests/zoo_virtual $(BUILD)/tests/test_producer $(BUILD)/tests/test_shim \
  $(BUILD)/tests/test_e2e $(TEST_PROGRAMS) $(BUILD)/tests/stress/ledger_host

# plugins are loaded by programs with dlopen; static ones cannot be recorded, which is the point
TEST_PLUGINS = $(patsubst tests/shim/plugins/%.c,$(BUILD)/tests/plugins/%.so,$(wildcard tests/shim/plugins/*.c)) \
  $(patsubst tests/shim/plugins/%.cc,$(BUILD)/tests/plugins/%.so,$(wildcard tests/shim/plugins/*.cc))
STATIC_PROGRAMS = $(patsubst tests/shim/static/%.c,$(BUILD)/tests/static/%,$(wildcard tests/shim/static/*.c))

$(BUILD)/tests/plugins/%.so: tests/shim/plugins/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(WARNINGS) $(PROGRAM_FLAGS) -fPIC -shared -Wl,--build-id -MMD -MP -o $@ $<

$(BUILD)/tests/plugins/%.so: tests/shim/plugins/%.cc
	@mkdir -p $(@D)
	$(CXX) -std=c++17 -Wall -Wextra $(PROGRAM_FLAGS) -fPIC -shared -Wl,--build-id -MMD -MP -o $@ $<

$(BUILD)/tests/static/%: tests/shim/static/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(WARNINGS) -O1 -static -MMD -MP -o $@ $<

# basics, with an allocator linked as Debian's redis-server has one
$(BUILD)/tests/programs/linked_jemalloc: tests/shim/programs/basics.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(WARNINGS) $(PROGRAM_FLAGS) -MMD -MP -o $@ $< -Wl,--no-as-needed -l:libjemalloc.so.2

# libc's converters are found by this list, beside the modules
$(BUILD)/tests/plugins/gconv-modules: tests/shim/plugins/gconv-modules
	@mkdir -p $(@D)
	cp $< $@

tests: $(TEST_PLUGINS) $(STATIC_PROGRAMS) $(BUILD)/tests/programs/linked_jemalloc $(BUILD)/tests/plugins/gconv-modules

# ledger_host is the program under test: nothing of dwell's in it
$(BUILD)/tests/stress/ledger_host: tests/stress/ledger_host.c tests/stress/ledger.h
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(WARNINGS) -g -O1 -D_GNU_SOURCE -pthread -fno-builtin -o $@ $<

$(BUILD)/tests/stress/ledger: $(BUILD)/obj/tests/stress/ledger.o $(BUILD)/obj/tests/stress/ledger_check.o $(BUILD)/libviewer.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $^ $(VIEWER_LIBS)

$(BUILD)/tests/stress/steps_host: tests/stress/steps_host.c tests/stress/ledger.h
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(WARNINGS) -g -O1 -D_GNU_SOURCE -fno-builtin -o $@ $<

$(BUILD)/tests/stress/steps: $(BUILD)/obj/tests/stress/steps.o $(BUILD)/obj/tests/stress/ledger_check.o $(BUILD)/libviewer.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $^ $(VIEWER_LIBS)

stress-programs: $(addprefix $(BUILD)/tests/stress/,ledger_host ledger steps_host steps)

# The bench's loops: without frame pointers, as distributions build; every call has its frame.
LOOP_FLAGS = -fomit-frame-pointer -fno-optimize-sibling-calls -fno-builtin -pthread
bench_sources = tests/bench/$(1).c tests/bench/frames.c tests/bench/team.c
BENCH_HEADERS = tests/bench/frames.h tests/bench/team.h

$(BUILD)/tests/bench/pair: $(call bench_sources,pair) $(BENCH_HEADERS)
$(BUILD)/tests/bench/survivors: $(call bench_sources,survivors) $(BENCH_HEADERS)
$(BUILD)/tests/bench/handoff: tests/bench/handoff.c tests/bench/team.c tests/bench/team.h
$(BUILD)/tests/bench/pair $(BUILD)/tests/bench/survivors $(BUILD)/tests/bench/handoff: tests/module.mk
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(WARNINGS) -O2 -g -D_GNU_SOURCE $(LOOP_FLAGS) -o $@ $(filter %.c,$^)

$(BUILD)/tests/bench/stl: tests/bench/stl.cc
	@mkdir -p $(@D)
	$(CXX) -std=c++17 -Wall -Wextra -O2 -g -o $@ $<

# static: little memory of its own, see there
$(BUILD)/tests/bench/measure: tests/bench/measure.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(WARNINGS) -O2 -D_GNU_SOURCE -static -o $@ $<

$(BUILD)/tests/bench/trace_control: tests/bench/trace_control.c shim/trace.h
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(WARNINGS) -O2 -D_GNU_SOURCE -I. -o $@ $<

$(BUILD)/tests/bench/null_shim.so: tests/bench/null_shim.c
$(BUILD)/tests/bench/count_shim.so: tests/bench/null_shim.c
$(BUILD)/tests/bench/count_shim.so: SHIM_FLAGS = -DCOUNT_CALLS
$(BUILD)/tests/bench/%_shim.so:
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -Wall -Wextra -O2 -D_GNU_SOURCE -fPIC -shared -fno-builtin $(SHIM_FLAGS) -o $@ $< -ldl

$(BUILD)/tests/bench/reader: $(BUILD)/obj/tests/bench/reader.o $(addprefix $(BUILD)/obj/tests/viewer/,trace_writer.o trace_writer_folds.o) $(BUILD)/libviewer.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $^ $(VIEWER_LIBS)

# loops that the recorder's tests run too
tests: $(BUILD)/tests/bench/pair $(BUILD)/tests/bench/survivors

bench-programs: $(addprefix $(BUILD)/tests/bench/,pair survivors handoff stl measure trace_control \
  null_shim.so count_shim.so reader)

# The zoo: programs under test, whose own logs are the truth; nothing of dwell's in them.
ZOO_C = $(wildcard tests/zoo/*.c)
ZOO_OBJECTS = $(patsubst %.c,$(BUILD)/obj/%.o,$(ZOO_C))

$(BUILD)/obj/tests/zoo/%.o: tests/zoo/%.c tests/module.mk
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(WARNINGS) $(PROGRAM_FLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/tests/zoo/zoo: $(ZOO_OBJECTS)
	@mkdir -p $(@D)
	$(CC) -pthread -o $@ $^ -lm

$(BUILD)/tests/zoo/zoo_cc: tests/zoo/zoo.cc $(BUILD)/obj/tests/zoo/log.o
	@mkdir -p $(@D)
	$(CXX) -std=c++17 -Wall -Wextra $(PROGRAM_FLAGS) -MMD -MP -o $@ $^

$(BUILD)/tests/zoo/zoo_rs: tests/zoo/zoo.rs $(BUILD)/obj/tests/zoo/log.o
	@mkdir -p $(@D)
	MAKEFLAGS= rustc --edition 2021 -g -C opt-level=1 -C link-arg=$(BUILD)/obj/tests/zoo/log.o -o $@ $<

# what there is no compiler for is left out
.PHONY: zoo-programs
zoo-programs: $(addprefix $(BUILD)/tests/zoo/,zoo zoo_cc $(if $(shell command -v rustc),zoo_rs))

# what real programs talk to
$(BUILD)/tests/real/mute_server: tests/real/mute_server.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(WARNINGS) -O1 -D_GNU_SOURCE -MMD -MP -o $@ $<

.PHONY: real-programs
real-programs: $(BUILD)/tests/real/mute_server
