# libproducer.so and its two programs. producer/*.c is the library, producer/bin/ the programs.
PRODUCER_SOURCES = $(wildcard producer/*.c)
PRODUCER_OBJECTS = $(PRODUCER_SOURCES:%.c=$(BUILD)/obj/%.o)
PRODUCER_CFLAGS = $(BASE_CFLAGS) $(CFLAGS) -fPIC -fvisibility=hidden -pthread

$(BUILD)/obj/producer/%.o: producer/%.c producer/module.mk
	@mkdir -p $(@D)
	$(CC) $(PRODUCER_CFLAGS) -c -o $@ $<

$(BUILD)/libproducer.so: $(PRODUCER_OBJECTS)
	$(CC) $(CFLAGS) -shared -pthread -Wl,-soname,libproducer.so -Wl,--no-undefined -o $@ $^ -lisal

# beside the library in build/, ../lib when installed
$(BUILD)/producer_%: $(BUILD)/obj/producer/bin/%.o $(BUILD)/libproducer.so
	$(CC) $(CFLAGS) -pthread -Wl,-rpath,'$$ORIGIN:$$ORIGIN/../lib' -o $@ $< -L$(BUILD) -lproducer

all: $(BUILD)/libproducer.so $(BUILD)/producer_demo $(BUILD)/producer_broker
