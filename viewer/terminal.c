/* terminal.c - see terminal.h. */
#include "terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "utf8.h"

enum { WIDTH_DEFAULT = 100, WIDTH_MIN = 40, WIDTH_MAX = 500 };

/* ---- what it is ------------------------------------------------------------------------- */

static int width_of(FILE *out) {
  const char *columns = getenv("COLUMNS");
  struct winsize size;
  int width = columns ? atoi(columns) : 0;
  if (width <= 0)
    width = ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : WIDTH_DEFAULT;
  return width < WIDTH_MIN ? WIDTH_MIN : width > WIDTH_MAX ? WIDTH_MAX : width;
}

static const char *variable(const char *name) {
  const char *value = getenv(name);
  return value && *value ? value : NULL;
}

/* Nothing said about the locale, as in most containers, means a terminal of today. */
static bool is_unicode(void) {
  const char *name = variable("LC_ALL");
  if (!name && !(name = variable("LC_CTYPE")) && !(name = variable("LANG"))) return true;
  locale_t locale = newlocale(LC_CTYPE_MASK, name, NULL);
  if (!locale) return strcasestr(name, "utf-8") || strcasestr(name, "utf8");
  bool unicode = strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
  freelocale(locale);
  return unicode;
}

void terminal_open(struct terminal *terminal, FILE *out, enum colour colour) {
  const char *type = variable("TERM");
  bool capable =
      isatty(fileno(out)) && !(type && strcmp(type, "dumb") == 0) && !variable("NO_COLOR");
  *terminal = (struct terminal){
      .out = out,
      .width = width_of(out),
      .colour = colour == COLOUR_ALWAYS || (colour == COLOUR_AUTO && capable),
      .unicode = is_unicode(),
  };
}

/* ---- characters ------------------------------------------------------------------------- */

/* What stands in for a control character, or for one that ASCII lacks. */
static uint32_t drawable(uint32_t code, bool unicode) {
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return '?';
  if (unicode || code < 0x80) return code;
  static const struct {
    uint32_t code;
    char ascii;
  } stand_ins[] = {{0xb7, '*'},   {0xb5, 'u'},   {0xd7, 'x'},   {0x2026, '.'}, {0x2192, '>'},
                   {0x2581, '_'}, {0x2582, '_'}, {0x2583, '.'}, {0x2584, '-'}, {0x2585, '-'},
                   {0x2586, '='}, {0x2587, '#'}, {0x2588, '#'}, {0x2502, '|'}, {0x2514, '+'},
                   {0x2500, '-'}, {0x258f, '-'}, {0x258e, '-'}, {0x258d, '-'}, {0x258c, '-'},
                   {0x258b, '-'}, {0x258a, '-'}, {0x2589, '-'}, {0x2591, '.'}, {0x2592, ':'},
                   {0x2013, '-'}};
  for (size_t i = 0; i < sizeof stand_ins / sizeof *stand_ins; i++)
    if (stand_ins[i].code == code) return (unsigned char)stand_ins[i].ascii;
  return '?';
}

static int columns_of(uint32_t code) {
  int width = code < 0x80 ? 1 : wcwidth((wchar_t)code);
  return width < 0 ? 1 : width;
}

static void put_character(FILE *out, uint32_t code) {
  char bytes[4] = {0};
  fwrite(bytes, 1, (size_t)utf8_write(code, bytes), out);
}

int terminal_columns(const char *text) {
  int columns = 0;
  while (*text)
    columns += columns_of(utf8_next(&text));
  return columns;
}

const char *terminal_block(int eighths) {
  static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  return blocks[eighths < 0 ? 0 : eighths > 8 ? 8 : eighths];
}

/* ---- drawing ---------------------------------------------------------------------------- */

static void put_spaces(struct terminal *terminal) {
  for (; terminal->spaces; terminal->spaces--)
    putc(' ', terminal->out);
}

static void draw(struct terminal *terminal, enum style style, const char *text) {
  static const char *const codes[] = {"", "\033[1m", "\033[2m", "\033[36m", "\033[33m"};
  if (!*text || terminal->column >= terminal->width) return;
  bool coloured = terminal->colour && style != PLAIN;
  if (coloured) fputs(codes[style], terminal->out);
  int room = terminal->width - terminal->column;
  bool fits = terminal_columns(text) <= room;
  while (*text) {
    uint32_t code = utf8_next(&text);
    int columns = columns_of(code);
    if (!fits && columns > room - 1) {
      put_spaces(terminal);
      put_character(terminal->out, drawable(0x2026, terminal->unicode));
      terminal->column = terminal->width;
      break;
    }
    if (code == ' ') {
      terminal->spaces++;
    } else {
      put_spaces(terminal);
      put_character(terminal->out, drawable(code, terminal->unicode));
    }
    room -= columns;
    terminal->column += columns;
  }
  if (coloured) fputs("\033[0m", terminal->out);
}

static char *formatted(const char *format, va_list arguments) {
  char *text;
  return vasprintf(&text, format, arguments) < 0 ? NULL : text;
}

void terminal_put(struct terminal *terminal, enum style style, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  char *text = formatted(format, arguments);
  va_end(arguments);
  if (text) draw(terminal, style, text);
  free(text);
}

void terminal_field(struct terminal *terminal, enum style style, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  char *text = formatted(format, arguments);
  va_end(arguments);
  if (!text) return;
  int gap = terminal->column > terminal->indent ? 3 : 0;
  if (gap && terminal->column + gap + terminal_columns(text) > terminal->width) {
    terminal_end(terminal);
    gap = 0;
  }
  terminal_to(terminal, gap ? terminal->column + gap : terminal->indent);
  draw(terminal, style, text);
  free(text);
}

void terminal_to(struct terminal *terminal, int column) {
  for (; terminal->column < column && terminal->column < terminal->width; terminal->column++)
    terminal->spaces++;
}

void terminal_end(struct terminal *terminal) {
  terminal->spaces = 0;
  putc('\n', terminal->out);
  terminal->column = 0;
}

void terminal_wrap(struct terminal *terminal, enum style style, const char *text) {
  while (*text) {
    size_t length = strcspn(text, " \n");
    char *word = strndup(text, length);
    if (!word) break;
    bool begins = terminal->column <= terminal->indent;
    if (!begins && terminal->column + 1 + terminal_columns(word) > terminal->width) {
      terminal_end(terminal);
      begins = true;
    }
    terminal_to(terminal, begins ? terminal->indent : terminal->column + 1);
    draw(terminal, style, word);
    free(word);
    text += length + strspn(text + length, " \n");
  }
  terminal_end(terminal);
}

void terminal_bar(struct terminal *terminal, double share, int cells) {
  static const char *const partial[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  int eighths = (int)(share * cells * 8 + 0.5);
  if (share > 0 && eighths == 0) eighths = 1; /* something is not nothing */
  char text[4 * WIDTH_MAX] = "";
  int cell = 0;
  for (; cell < eighths / 8 && cell < cells; cell++)
    strcat(text, "█");
  if (cell < cells && eighths % 8) {
    strcat(text, partial[eighths % 8]);
    cell++;
  }
  draw(terminal, ACCENT, text);
  *text = 0;
  for (; cell < cells; cell++)
    strcat(text, "░");
  draw(terminal, DIM, text);
}

/* ---- progress --------------------------------------------------------------------------- */

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

struct progress progress_begin(const char *task) {
  return (struct progress){.began = isatty(STDERR_FILENO) ? now() : 0, .shown = -1, .task = task};
}

void progress_show(void *context, double share) {
  struct progress *progress = context;
  int percent = (int)(share * 100);
  if (!progress->began || percent == progress->shown || now() - progress->began < 1) return;
  progress->shown = percent;
  enum { CELLS = 30 };
  char bar[CELLS + 1];
  for (int i = 0; i < CELLS; i++)
    bar[i] = i < percent * CELLS / 100 ? '#' : '-';
  bar[CELLS] = 0;
  fprintf(stderr, "\r%s [%s] %d%%", progress->task, bar, percent);
}

void progress_end(struct progress *progress) {
  if (progress->shown >= 0) fputs("\r\033[K", stderr);
  progress->began = 0;
}
