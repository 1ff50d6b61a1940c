# libproducer.so and its two programs. producer/*.c is the library, producer/bin/ the programs.
PRODUCER_SOURCES = $(wildcard producer/*.c)
PRODUCER_OBJECTS = $(PRODUCER_SOURCES:%.c=$(BUILD)/obj/%.o)
# no sibling calls: the layers of the story all show in a stack
PRODUCER_CFLAGS = $(BASE_CFLAGS) $(CFLAGS) -fPIC -fvisibility=hidden -fno-optimize-sibling-calls -pthread

producer_objects = $(patsubst %,$(BUILD)/obj/producer/%.o,$(1))
DEMO_OBJECTS = $(call producer_objects,bin/demo bin/demo_options bin/demo_log bin/demo_report bin/quantity)
# the broker is no part of the library's interface: its program has it linked in
BROKER_OBJECTS = $(call producer_objects,bin/broker bin/quantity broker broker_client connection \
  thread wire)

$(BUILD)/obj/producer/%.o: producer/%.c producer/module.mk
	@mkdir -p $(@D)
	$(CC) $(PRODUCER_CFLAGS) -c -o $@ $<

$(BUILD)/libproducer.so: $(PRODUCER_OBJECTS)
	$(CC) $(CFLAGS) -shared -pthread -Wl,-soname,libproducer.so -Wl,--no-undefined -o $@ $^ -lisal

# beside the library in build/, ../lib when installed
$(BUILD)/producer_demo: $(DEMO_OBJECTS) $(BUILD)/libproducer.so
	$(CC) $(CFLAGS) -pthread -Wl,-rpath,'$$ORIGIN:$$ORIGIN/../lib' -o $@ $(DEMO_OBJECTS) \
	  -L$(BUILD) -lproducer

$(BUILD)/producer_broker: $(BROKER_OBJECTS)
	$(CC) $(CFLAGS) -pthread -o $@ $^ -lisal

all: $(BUILD)/libproducer.so $(BUILD)/producer_demo $(BUILD)/producer_broker

# plain test programs: what the sanitizers and Valgrind run
$(BUILD)/tests/producer/%: $(BUILD)/obj/tests/producer/programs/%.o $(PRODUCER_OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -pthread -o $@ $^ -lisal

# these tests run the programs and load the library
$(BUILD)/tests/test_producer: | $(BUILD)/libproducer.so $(BUILD)/producer_demo $(BUILD)/producer_broker
