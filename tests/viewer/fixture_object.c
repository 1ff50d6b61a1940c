/* fixture_object.c - see fixture_object.h. */
#include "fixture_object.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The line numbers are asserted by tests: the first line is 1. first() is there because gcc 12
 * with DWARF 4 loses the ranges of what is inlined at the very start of a unit. */
const char fixture_c[] =
    "static volatile int count; typedef void (*visit)(void);\n"                /* 1 */
    "static inline __attribute__((always_inline)) void innermost(visit v) {\n" /* 2 */
    "  v();\n"                                                                 /* 3 */
    "  count++;\n"                                                             /* 4 */
    "}\n"                                                                      /* 5 */
    "static inline __attribute__((always_inline)) void middle(visit v) {\n"    /* 6 */
    "  innermost(v);\n"                                                        /* 7 */
    "}\n"                                                                      /* 8 */
    "int first(void) { return count; } static __attribute__((noinline)) void "
    "hidden(visit v) {\n"     /* 9 */
    "  middle(v);\n"          /* 10 */
    "  count++;\n"            /* 11 */
    "}\n"                     /* 12 */
    "void outer(visit v) {\n" /* 13 */
    "  hidden(v);\n"          /* 14 */
    "  count++;\n"            /* 15 */
    "}\n";

const char fixture_cc[] =
    "typedef void (*visit)();\n"                                                     /* 1 */
    "namespace story {\n"                                                            /* 2 */
    "template <class T> struct queue {\n"                                            /* 3 */
    "  __attribute__((always_inline)) void push(T v) { v(); asm volatile(\"\"); }\n" /* 4 */
    "};\n"                                                                           /* 5 */
    "__attribute__((noinline)) void send(visit v, int) {\n"                          /* 6 */
    "  queue<visit>().push(v);\n"                                                    /* 7 */
    "  asm volatile(\"\");\n"                                                        /* 8 */
    "}\n"                                                                            /* 9 */
    "}\n"                                                                            /* 10 */
    "extern \"C\" void outer(visit v) { story::send(v, 1); asm volatile(\"\"); }\n";

const char fixture_lambda[] = "static volatile int count; typedef void (*visit)();\n" /* 1 */
                              "int first() { return count; }\n"                       /* 2 */
                              "extern \"C\" void outer(visit v) {\n"                  /* 3 */
                              "  auto call = [&] { v(); count = count + 1; };\n"      /* 4 */
                              "  call();\n"                                           /* 5 */
                              "  count = count + 1;\n"                                /* 6 */
                              "}\n";

const char fixture_rust[] =
    "pub mod story {\n"                                                                     /* 1 */
    "  pub struct Queue;\n"                                                                 /* 2 */
    "  impl Queue {\n"                                                                      /* 3 */
    "    #[inline(always)]\n"                                                               /* 4 */
    "    pub fn push(&self, v: extern \"C\" fn()) -> u8 { v(); std::hint::black_box(1) }\n" /* 5 */
    "  }\n"                                                                                 /* 6 */
    "  #[inline(never)]\n"                                                                  /* 7 */
    "  pub fn send(v: extern \"C\" fn()) -> u8 {\n"                                         /* 8 */
    "    Queue.push(v) + std::hint::black_box(1)\n"                                         /* 9 */
    "  }\n"                                                                                 /* 10 */
    "}\n"                                                                                   /* 11 */
    "#[no_mangle] pub extern \"C\" fn outer(v: extern \"C\" fn()) { story::send(v); }\n";

static uint64_t visited;

static void visit(void) {
  visited = (uint64_t)(uintptr_t)__builtin_return_address(0);
}

static void read_build_id(struct fixture_object *object) {
  int fd = open(object->path, O_RDONLY);
  cr_assert_geq(fd, 0);
  elf_version(EV_CURRENT);
  Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
  const void *id;
  ssize_t bytes = dwelf_elf_gnu_build_id(elf, &id);
  if (bytes > 0 && (size_t)bytes <= sizeof object->build_id) {
    memcpy(object->build_id, id, (size_t)bytes);
    object->module.build_id = object->build_id;
    object->module.build_id_bytes = (size_t)bytes;
  }
  elf_end(elf);
  close(fd);
}

static void run(const char *command) {
  int status = system(command);
  cr_assert_eq(status, 0, "failed: %s", command);
}

bool fixture_object_make(struct fixture_object *object, const char *compiler, const char *flags,
                         const char *suffix, const char *source) {
  char command[512], source_path[128];
  snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", compiler);
  if (system(command) != 0) return false;
  *object = (struct fixture_object){.directory = "/tmp/dwell-test.XXXXXX"};
  cr_assert(mkdtemp(object->directory));
  snprintf(source_path, sizeof source_path, "%s/fixture%s", object->directory, suffix);
  snprintf(object->path, sizeof object->path, "%s/fixture.so", object->directory);
  FILE *file = fopen(source_path, "w");
  cr_assert(file);
  fputs(source, file);
  fclose(file);
  snprintf(command, sizeof command, "%s %s -o %s %s", compiler, flags, object->path, source_path);
  run(command);

  void *handle = dlopen(object->path, RTLD_NOW | RTLD_LOCAL);
  cr_assert(handle, "%s", dlerror());
  void (*outer)(void (*)(void)) = (void (*)(void (*)(void)))(uintptr_t)dlsym(handle, "outer");
  struct link_map *map;
  cr_assert(outer && dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0);
  outer(visit);
  object->pc = visited;
  object->module = (struct module){
      .path = object->path, .base = map->l_addr, .start = map->l_addr, .gone_ns = UINT64_MAX};
  dlclose(handle); /* tests change the file */
  read_build_id(object);
  return true;
}

void fixture_object_shell(const struct fixture_object *object, const char *command) {
  char line[1024];
  snprintf(line, sizeof line, "cd %s && OBJECT=fixture.so && %s", object->directory, command);
  run(line);
}

void fixture_object_remove(struct fixture_object *object) {
  char line[128];
  snprintf(line, sizeof line, "rm -r %s", object->directory);
  run(line);
}
