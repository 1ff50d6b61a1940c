/* queue_picture.c - a queue drawn with characters: arrivals and departures over time, so that the
 * gap between them is what is held; and how long messages stay, over the time of their arrival: a
 * ramp is an unbounded queue, a plateau a bounded one.
 *
 * What is drawn is what the diagnosis counted; something is never drawn as nothing.
 */
#include <math.h>

#include "format.h"
#include "report_queues.h"

enum { INDENT = 4, AXIS = 9, GAP = 3, LEAST_COLUMNS = 16 };

/* One picture: columns of values from 0 to `top`. */
struct picture {
  const char *title;
  int columns, rows;
  struct human most; /* the top, in words */
  double top;
  double upper[QUEUE_PICTURE], lower[QUEUE_PICTURE]; /* the gap between is what is shown */
  bool pale[QUEUE_PICTURE];                          /* known to be at least that */
  uint64_t from_ns, to_ns;                           /* from left to right */
};

/* As many columns as fit and as divide those that there are. */
static int columns_in(int room) {
  int columns = QUEUE_PICTURE;
  while (columns > LEAST_COLUMNS && AXIS + columns > room)
    columns /= 2;
  return columns;
}

/* ---- what is drawn ---------------------------------------------------------------------- */

static struct picture messages_over_time(const struct queue *queue, uint64_t duration_ns,
                                         int columns, int rows) {
  struct picture picture = {"messages: arrived, departed", columns, rows, .to_ns = duration_ns};
  int part = QUEUE_PICTURE / columns;
  for (int i = 0; i < columns; i++) {
    picture.upper[i] = queue->arrived[(i + 1) * part - 1];
    picture.lower[i] = queue->departed[(i + 1) * part - 1];
    picture.top = fmax(picture.top, picture.upper[i]);
  }
  picture.most = format_count((uint64_t)(picture.top + 0.5));
  return picture;
}

/* The mean over what arrived in each column. What was never freed counts up to the end: where most
 * of a column was not, its mean is known to be at least that. */
static struct picture residence_over_arrival(const struct queue *queue, uint64_t duration_ns,
                                             int columns, int rows) {
  struct picture picture = {"residence, by time of arrival", columns, rows, .top = 0};
  size_t counts[QUEUE_PICTURE] = {0}, live[QUEUE_PICTURE] = {0};
  if (!queue->message_count) return picture;
  picture.from_ns = queue->messages[0].birth_ns;
  picture.to_ns = queue->messages[queue->message_count - 1].birth_ns;
  double width = (double)(picture.to_ns - picture.from_ns + 1) / columns;
  for (size_t i = 0; i < queue->message_count; i++) {
    const struct residence *message = &queue->messages[i];
    int column = (int)((double)(message->birth_ns - picture.from_ns) / width);
    bool lives = message->death_ns == RESIDENCE_LIVE;
    uint64_t until = lives ? duration_ns : message->death_ns;
    if (column >= columns) column = columns - 1;
    if (until > message->birth_ns) picture.upper[column] += (double)(until - message->birth_ns);
    counts[column]++;
    live[column] += lives;
  }
  for (int i = 0; i < columns; i++) {
    if (counts[i]) picture.upper[i] /= (double)counts[i];
    picture.pale[i] = 2 * live[i] > counts[i];
    picture.top = fmax(picture.top, picture.upper[i]);
  }
  picture.most = format_duration(picture.top);
  return picture;
}

/* ---- drawing ---------------------------------------------------------------------------- */

/* Row 0 is the lowest. */
static void put_cell(struct terminal *terminal, const struct picture *picture, int column,
                     int row) {
  double scale = picture->top > 0 ? picture->rows / picture->top : 0;
  double upper = picture->upper[column] * scale - row, lower = picture->lower[column] * scale - row;
  if (picture->upper[column] > 0 && upper + row < 0.125) upper = 0.125 - row;
  enum style style = picture->pale[column] ? DIM : ACCENT;
  if (upper <= 0)
    terminal_put(terminal, PLAIN, " ");
  else if (upper < 1) /* the line of the arrivals */
    terminal_put(terminal, style, "%s", terminal_block((int)ceil(upper * 8)));
  else if (lower < 0.5)
    terminal_put(terminal, style, "%s", picture->pale[column] ? "▒" : "█");
  else
    terminal_put(terminal, DIM, "░");
}

static void put_title(struct terminal *terminal, const struct picture *picture, int at) {
  terminal_to(terminal, at + AXIS);
  terminal_put(terminal, PLAIN, "%s", picture->title);
}

static void put_row(struct terminal *terminal, const struct picture *picture, int at, int row) {
  if (row == picture->rows - 1) {
    terminal_to(terminal, at + AXIS - 1 - terminal_columns(picture->most.text));
    terminal_put(terminal, DIM, "%s", picture->most.text);
  }
  terminal_to(terminal, at + AXIS - 1);
  terminal_put(terminal, DIM, "│");
  for (int column = 0; column < picture->columns; column++)
    put_cell(terminal, picture, column, row);
}

static void put_axis(struct terminal *terminal, const struct picture *picture, int at) {
  terminal_to(terminal, at + AXIS - 1);
  terminal_put(terminal, DIM, "└");
  for (int i = 0; i < picture->columns; i++)
    terminal_put(terminal, DIM, "─");
}

static void put_times(struct terminal *terminal, const struct picture *picture, int at) {
  struct human begin = {"0"}, end = format_duration((double)picture->to_ns);
  if (picture->from_ns) begin = format_duration((double)picture->from_ns);
  terminal_to(terminal, at + AXIS);
  terminal_put(terminal, DIM, "%s", begin.text);
  terminal_to(terminal, at + AXIS + picture->columns - terminal_columns(end.text));
  terminal_put(terminal, DIM, "%s", end.text);
}

/* Pictures of the same height, side by side. */
static void put_pictures(struct terminal *terminal, const struct picture *pictures, int count) {
  int width = AXIS + pictures[0].columns + GAP;
  for (int line = -1; line < pictures[0].rows + 2; line++) {
    int row = pictures[0].rows - 1 - line;
    for (int i = 0; i < count; i++) {
      int at = INDENT + i * width;
      if (line < 0)
        put_title(terminal, &pictures[i], at);
      else if (row >= 0)
        put_row(terminal, &pictures[i], at, row);
      else if (row == -1)
        put_axis(terminal, &pictures[i], at);
      else
        put_times(terminal, &pictures[i], at);
    }
    terminal_end(terminal);
  }
}

static void put_legend(struct terminal *terminal, const struct picture *residence) {
  bool pale = false;
  for (int i = 0; i < residence->columns; i++)
    pale |= residence->pale[i];
  terminal_to(terminal, INDENT);
  terminal->indent = INDENT;
  terminal_put(terminal, ACCENT, "█");
  terminal_put(terminal, DIM, " waiting: what is held");
  terminal_field(terminal, DIM, "░ departed");
  if (pale) terminal_field(terminal, DIM, "▒ most never freed: at least so long");
  terminal_end(terminal);
}

void report_queue_pictures(struct terminal *terminal, const struct report *report,
                           const struct queue *queue, bool large) {
  enum { HEIGHT = 6, LARGE = 10 };
  int half = (terminal->width - INDENT - GAP) / 2;
  bool beside = !large && half >= AXIS + QUEUE_PICTURE / 2;
  int columns = columns_in(beside ? half : terminal->width - INDENT);
  uint64_t duration_ns = report->diagnosis->duration_ns;
  struct picture pictures[] = {
      messages_over_time(queue, duration_ns, columns, large ? LARGE : HEIGHT),
      residence_over_arrival(queue, duration_ns, columns, large || beside ? HEIGHT : HEIGHT - 2),
  };
  put_pictures(terminal, &pictures[0], beside ? 2 : 1);
  if (!beside) put_pictures(terminal, &pictures[1], 1);
  put_legend(terminal, &pictures[1]);
}
