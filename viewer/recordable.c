/* recordable.c - looks at the executable with libelf. Only what is certain is said: a program that
 * passes may still go unseen, by getting its memory elsewhere than from malloc. */
#include "recordable.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define SCRIPT_LEVELS 5 /* of interpreters that are scripts themselves; the kernel has 5 too */

struct elf_facts {
  bool elf;
  int class;
  GElf_Half machine;
  char interpreter[PATH_MAX]; /* PT_INTERP, "" without one */
  bool dynamic_linker;        /* it is one itself, run as a program */
  bool defines_malloc;
};

static int executable_check(const char *path) {
  struct stat status;
  if (stat(path, &status) != 0) return -errno;
  if (!S_ISREG(status.st_mode)) return -EACCES;
  return access(path, X_OK) == 0 ? 0 : -errno;
}

int recordable_find(const char *program, char path[PATH_MAX]) {
  int result = -ENOENT;
  if (!*program) return result;
  if (strchr(program, '/')) {
    if (snprintf(path, PATH_MAX, "%s", program) >= PATH_MAX) return -ENAMETOOLONG;
    return executable_check(path);
  }
  char standard[256] = "";
  const char *directories = getenv("PATH");
  if (!directories) {
    confstr(_CS_PATH, standard, sizeof(standard));
    directories = standard;
  }
  for (const char *from = directories;; from++) {
    size_t length = strcspn(from, ":");
    int used = snprintf(path, PATH_MAX, "%.*s%s%s", (int)length, from, length ? "/" : "", program);
    if (used < PATH_MAX) {
      int error = executable_check(path);
      if (error == 0) return 0;
      if (error == -EACCES) result = error;
    }
    from += length;
    if (!*from) return result;
  }
}

/* Whether the section, a symbol table, has a function malloc that is defined here. */
static bool symbols_define_malloc(Elf *elf, Elf_Scn *section, const GElf_Shdr *header) {
  Elf_Data *data = elf_getdata(section, NULL);
  size_t count = data && header->sh_entsize ? data->d_size / header->sh_entsize : 0;
  for (size_t i = 0; i < count; i++) {
    GElf_Sym symbol;
    if (!gelf_getsym(data, (int)i, &symbol)) break;
    if (symbol.st_shndx == SHN_UNDEF || GELF_ST_TYPE(symbol.st_info) != STT_FUNC) continue;
    if (GELF_ST_BIND(symbol.st_info) == STB_LOCAL) continue;
    const char *name = elf_strptr(elf, header->sh_link, symbol.st_name);
    if (name && strcmp(name, "malloc") == 0) return true;
  }
  return false;
}

static void dynamic_read(Elf *elf, Elf_Scn *section, const GElf_Shdr *header,
                         struct elf_facts *facts) {
  Elf_Data *data = elf_getdata(section, NULL);
  size_t count = data && header->sh_entsize ? data->d_size / header->sh_entsize : 0;
  for (size_t i = 0; i < count; i++) {
    GElf_Dyn entry;
    if (!gelf_getdyn(data, (int)i, &entry)) break;
    if (entry.d_tag != DT_SONAME) continue;
    const char *name = elf_strptr(elf, header->sh_link, entry.d_un.d_val);
    if (name && strncmp(name, "ld", 2) == 0) facts->dynamic_linker = true;
  }
}

static void elf_facts_read(int fd, struct elf_facts *facts) {
  *facts = (struct elf_facts){0};
  elf_version(EV_CURRENT);
  Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
  GElf_Ehdr header;
  size_t count = 0;
  if (elf && elf_kind(elf) == ELF_K_ELF && gelf_getehdr(elf, &header)) {
    facts->elf = true;
    facts->class = gelf_getclass(elf);
    facts->machine = header.e_machine;
    elf_getphdrnum(elf, &count);
  }
  for (size_t i = 0; i < count; i++) {
    GElf_Phdr segment;
    if (!gelf_getphdr(elf, (int)i, &segment) || segment.p_type != PT_INTERP) continue;
    size_t length = segment.p_filesz < sizeof(facts->interpreter) ? segment.p_filesz
                                                                  : sizeof(facts->interpreter) - 1;
    ssize_t got = pread(fd, facts->interpreter, length, (off_t)segment.p_offset);
    facts->interpreter[got > 0 ? (size_t)got : 0] = 0;
  }
  for (Elf_Scn *section = NULL; facts->elf && (section = elf_nextscn(elf, section));) {
    GElf_Shdr section_header;
    if (!gelf_getshdr(section, &section_header)) continue;
    if (section_header.sh_type == SHT_DYNSYM || section_header.sh_type == SHT_SYMTAB)
      facts->defines_malloc |= symbols_define_malloc(elf, section, &section_header);
    if (section_header.sh_type == SHT_DYNAMIC) dynamic_read(elf, section, &section_header, facts);
  }
  elf_end(elf);
}

/* What makes the kernel set AT_SECURE, whereupon ld.so ignores LD_PRELOAD; NULL: nothing. */
static const char *privilege(int fd) {
  struct stat status;
  if (fstat(fd, &status) != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) return NULL;
  if (status.st_mode & S_ISUID && status.st_uid != getuid()) return "setuid";
  if ((status.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && status.st_gid != getgid())
    return "setgid";
  if (getuid() != 0 && fgetxattr(fd, "security.capability", NULL, 0) > 0)
    return "given file capabilities";
  return NULL;
}

/* Returns whether the file begins with "#!", and its interpreter. */
static bool script_interpreter(int fd, char interpreter[PATH_MAX]) {
  char line[256]; /* as much as the kernel reads */
  ssize_t length = pread(fd, line, sizeof(line) - 1, 0);
  if (length < 3 || line[0] != '#' || line[1] != '!') return false;
  line[length] = 0;
  char *start = line + 2 + strspn(line + 2, " \t");
  start[strcspn(start, " \t\r\n")] = 0;
  snprintf(interpreter, PATH_MAX, "%s", start);
  return true;
}

static void verdict(struct recordable *recordable, enum recordable_kind kind, const char *format,
                    ...) __attribute__((format(printf, 3, 4)));

static void verdict(struct recordable *recordable, enum recordable_kind kind, const char *format,
                    ...) {
  va_list arguments;
  recordable->kind = kind;
  va_start(arguments, format);
  vsnprintf(recordable->message, sizeof(recordable->message), format, arguments);
  va_end(arguments);
}

static void elf_inspect(struct recordable *recordable, int fd, const struct elf_facts *facts,
                        const struct elf_facts *library) {
  const char *path = recordable->path;
  const char *privileged = privilege(fd);
  const char *linker = strrchr(facts->interpreter, '/');
  linker = linker ? linker + 1 : facts->interpreter;
  if (facts->machine != library->machine || facts->class != library->class)
    verdict(recordable, RECORDABLE_MACHINE,
            "%s is of another architecture (ELF machine %d, %d-bit) than libdwell.so (machine %d, "
            "%d-bit); build dwell for it and set DWELL_LIBRARY to that libdwell.so",
            path, facts->machine, facts->class == ELFCLASS64 ? 64 : 32, library->machine,
            library->class == ELFCLASS64 ? 64 : 32);
  else if (privileged)
    verdict(recordable, RECORDABLE_PRIVILEGED,
            "%s is %s, and the dynamic linker preloads nothing into such programs; record a copy "
            "without the privilege, or run dwell itself as the user that it changes to",
            path, privileged);
  else if (facts->dynamic_linker)
    recordable->kind = RECORDABLE_YES;
  else if (!*facts->interpreter)
    verdict(recordable, RECORDABLE_STATIC,
            "%s is statically linked, so nothing can be preloaded; link it dynamically (without "
            "-static) to record it",
            path);
  else if (access(facts->interpreter, F_OK) != 0)
    verdict(recordable, RECORDABLE_MISSING,
            "%s needs the dynamic linker %s, which is not there; install the libc that it was "
            "built for",
            path, facts->interpreter);
  else if (strncmp(linker, "ld-linux", 8) != 0 && strncmp(linker, "ld64.so", 7) != 0 &&
           strncmp(linker, "ld.so", 5) != 0)
    verdict(
        recordable, RECORDABLE_LIBC,
        "%s uses another libc than glibc (its dynamic linker is %s), which libdwell.so can't be "
        "loaded with; build it for glibc to record it",
        path, facts->interpreter);
  else if (facts->defines_malloc)
    verdict(recordable, RECORDABLE_OWN_MALLOC,
            "%s has its allocator linked in (it defines malloc), so its own calls are not seen; "
            "build it without, or with the allocator as a shared library",
            path);
  else
    recordable->kind = RECORDABLE_YES;
}

void recordable_inspect(const char *path, const char *library, struct recordable *recordable) {
  struct elf_facts facts, library_facts;
  recordable->kind = RECORDABLE_YES;
  recordable->message[0] = 0;
  snprintf(recordable->path, sizeof(recordable->path), "%s", path);
  for (int level = 0; level <= SCRIPT_LEVELS; level++) {
    char interpreter[PATH_MAX];
    int fd = open(recordable->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
      if (errno == ENOENT)
        verdict(recordable, RECORDABLE_MISSING, "%s: its interpreter %s is not there", path,
                recordable->path);
      return; /* may be executable and yet unreadable: then nothing is known */
    }
    if (script_interpreter(fd, interpreter)) {
      close(fd);
      snprintf(recordable->path, sizeof(recordable->path), "%s", interpreter);
      continue;
    }
    elf_facts_read(fd, &facts);
    int library_fd = open(library, O_RDONLY | O_CLOEXEC);
    elf_facts_read(library_fd, &library_facts);
    if (!facts.elf)
      verdict(recordable, RECORDABLE_FOREIGN, "%s is neither an ELF program nor a script",
              recordable->path);
    else if (library_facts.elf)
      elf_inspect(recordable, fd, &facts, &library_facts);
    if (library_fd >= 0) close(library_fd);
    close(fd);
    return;
  }
}

bool recordable_evident(const struct recordable *recordable) {
  switch (recordable->kind) {
  case RECORDABLE_YES:
  case RECORDABLE_MISSING: /* exec will say so */
  case RECORDABLE_FOREIGN: /* a shell may take it for a script */
    return false;
  default:
    return true;
  }
}
