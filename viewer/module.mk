# dwell: the command. Everything but main.c is also a static library for the tests.
VIEWER_SOURCES = $(filter-out viewer/main.c,$(wildcard viewer/*.c viewer/*/*.c))
VIEWER_OBJECTS = $(VIEWER_SOURCES:%.c=$(BUILD)/obj/%.o)
VIEWER_CFLAGS = $(BASE_CFLAGS) $(CFLAGS)
VIEWER_LIBS = -ldw -lelf -ljansson -lisal -liberty -lm

$(BUILD)/obj/viewer/%.o: viewer/%.c viewer/module.mk
	@mkdir -p $(@D)
	$(CC) $(VIEWER_CFLAGS) -c -o $@ $<

$(BUILD)/libviewer.a: $(VIEWER_OBJECTS)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/dwell: $(BUILD)/obj/viewer/main.o $(BUILD)/libviewer.a
	$(CC) $(CFLAGS) -o $@ $^ $(VIEWER_LIBS)

all: $(BUILD)/dwell
