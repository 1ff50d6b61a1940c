# libdwell.so: the recorder. libc is all that it may need; nothing but the hooks is visible.
SHIM_SOURCES = $(wildcard shim/*.c)
SHIM_OBJECTS = $(SHIM_SOURCES:%.c=$(BUILD)/obj/%.o)
SHIM_CFLAGS = $(BASE_CFLAGS) $(CFLAGS) -fPIC -fvisibility=hidden -ftls-model=initial-exec \
  -fno-stack-protector -fno-builtin-malloc -fno-builtin-calloc -fno-builtin-realloc -fno-builtin-free \
  -fno-omit-frame-pointer -fasynchronous-unwind-tables
SHIM_LDFLAGS = -shared -static-libgcc -Wl,--exclude-libs,ALL -Wl,-z,now -Wl,-z,relro -Wl,-z,nodelete \
  -Wl,--no-undefined -Wl,-soname,libdwell.so

$(BUILD)/obj/shim/%.o: shim/%.c shim/module.mk
	@mkdir -p $(@D)
	$(CC) $(SHIM_CFLAGS) -c -o $@ $<

$(BUILD)/libdwell.so: $(SHIM_OBJECTS)
	$(CC) $(CFLAGS) $(SHIM_LDFLAGS) -o $@ $^

all: $(BUILD)/libdwell.so
