/* demo_report.c - prints the figures; computes nothing but sums and rates. */
#include "demo_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "quantity.h"

struct producer_stats demo_report_total(const struct demo_options *options,
                                        const struct demo_result *result) {
  struct producer_stats total = {.size = sizeof total};
  for (uint64_t i = 0; i < options->producers; i++) {
    const struct producer_stats *one = &result->stats[i];
    total.sends += one->sends;
    total.enqueued += one->enqueued;
    total.rejected += one->rejected;
    total.dropped_newest += one->dropped_newest;
    total.dropped_oldest += one->dropped_oldest;
    total.delivered += one->delivered;
    total.delivered_bytes += one->delivered_bytes;
    total.failed += one->failed;
    total.batches += one->batches;
    total.blocked_sends += one->blocked_sends;
    total.blocked_ns += one->blocked_ns;
    if (one->last_error) total.last_error = one->last_error;
    if (one->deepest_messages > total.deepest_messages)
      total.deepest_messages = one->deepest_messages;
    if (one->deepest_bytes > total.deepest_bytes) total.deepest_bytes = one->deepest_bytes;
  }
  return total;
}

static double per_second(uint64_t count, uint64_t ns) {
  return ns ? (double)count * 1e9 / (double)ns : 0;
}

static void print_setting(const struct demo_options *options) {
  char a[24], b[24];
  printf("%" PRIu64 " messages of %s", options->messages, quantity_print_size(options->size, a));
  if (options->rate) printf(" at %" PRIu64 "/s", options->rate);
  if (options->producers > 1) printf(", %" PRIu64 " producers", options->producers);
  if (options->queue_messages || options->queue_bytes) {
    fputs(", queue of", stdout);
    if (options->queue_messages) printf(" %" PRIu64 " messages", options->queue_messages);
    if (options->queue_bytes) printf(" %s", quantity_print_size(options->queue_bytes, b));
    printf(" (%s)", demo_policy_names[options->policy]);
  } else {
    fputs(", queue unbounded", stdout);
  }
  if (options->receive_limit == 1)
    fputs(", receive one", stdout);
  else
    printf(", receive up to %" PRIu64, options->receive_limit);
  printf(", payload %s, ", options->move ? "moved" : "copied");
  if (options->connect)
    printf("broker at %s\n", options->connect);
  else
    printf("broker's round trip %s\n", quantity_print_duration(options->round_trip_ns, a));
}

void demo_report_text(const struct demo_options *options, const struct demo_result *result) {
  struct producer_stats total = demo_report_total(options, result);
  char a[24], b[24];
  print_setting(options);
  printf("sent            %" PRIu64 " in %s\n", total.sends,
         quantity_print_duration(result->sending_ns, a));
  printf("delivered       %" PRIu64 " in %s: %.0f messages/s, %s/s, %" PRIu64 " batches\n",
         total.delivered, quantity_print_duration(result->duration_ns, a),
         per_second(total.delivered, result->duration_ns),
         quantity_print_size((uint64_t)per_second(total.delivered_bytes, result->duration_ns), b),
         total.batches);
  if (total.failed || result->not_sent)
    printf("not delivered   %" PRIu64 " failed (%s), %" PRIu64 " not sent\n", total.failed,
           strerror(-total.last_error), result->not_sent);
  if (total.rejected) printf("rejected        %" PRIu64 "\n", total.rejected);
  if (total.dropped_newest || total.dropped_oldest)
    printf("dropped         %" PRIu64 "\n", total.dropped_newest + total.dropped_oldest);
  printf("sender blocked  %s in %" PRIu64 " sends\n", quantity_print_duration(total.blocked_ns, a),
         total.blocked_sends);
  printf("deepest queue   %" PRIu64 " messages, %s\n", total.deepest_messages,
         quantity_print_size(total.deepest_bytes, a));
  for (uint64_t i = 0; i < options->producers; i++) {
    printf("\n");
    if (options->producers > 1) printf("producer %" PRIu64 "\n", result->producer_ids[i]);
    fflush(stdout);
    producer_print_stages(result->producer_ids[i], STDOUT_FILENO);
  }
}

static void json_string(const char *text) {
  putchar('"');
  for (; *text; text++) {
    unsigned char c = (unsigned char)*text;
    if (c == '"' || c == '\\')
      printf("\\%c", c);
    else if (c < 0x20)
      printf("\\u%04x", c);
    else
      putchar(c);
  }
  putchar('"');
}

static void json_setting(const struct demo_options *options) {
  printf("  \"settings\": {\"messages\": %" PRIu64 ", \"size\": %" PRIu64 ", \"rate\": %" PRIu64
         ", \"producers\": %" PRIu64 ",\n",
         options->messages, options->size, options->rate, options->producers);
  printf("    \"queue_messages\": %" PRIu64 ", \"queue_bytes\": %" PRIu64
         ", \"policy\": \"%s\", \"receive_limit\": %" PRIu64 ",\n",
         options->queue_messages, options->queue_bytes, demo_policy_names[options->policy],
         options->receive_limit);
  printf("    \"payload\": \"%s\", \"round_trip_ns\": %" PRIu64 ", \"seed\": %" PRIu64
         ", \"connect\": ",
         options->move ? "move" : "copy", options->round_trip_ns, options->seed);
  if (options->connect)
    json_string(options->connect);
  else
    fputs("null", stdout);
  fputs("},\n", stdout);
}

static void json_counts(const struct producer_stats *stats) {
  const struct {
    const char *key;
    uint64_t value;
  } counts[] = {{"sends", stats->sends},
                {"enqueued", stats->enqueued},
                {"rejected", stats->rejected},
                {"dropped_newest", stats->dropped_newest},
                {"dropped_oldest", stats->dropped_oldest},
                {"delivered", stats->delivered},
                {"delivered_bytes", stats->delivered_bytes},
                {"failed", stats->failed},
                {"batches", stats->batches},
                {"blocked_sends", stats->blocked_sends},
                {"blocked_ns", stats->blocked_ns},
                {"deepest_messages", stats->deepest_messages},
                {"deepest_bytes", stats->deepest_bytes}};
  for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
    printf("\"%s\": %" PRIu64 ", ", counts[i].key, counts[i].value);
  fputs("\"last_error\": ", stdout);
  if (stats->last_error)
    json_string(strerror(-stats->last_error));
  else
    fputs("null", stdout);
}

static void json_producer(uint64_t id, const struct producer_stats *stats) {
  printf("    {\"producer\": %" PRIu64 ", ", id);
  json_counts(stats);
  fputs(",\n     \"stages\": [", stdout);
  for (int i = 0; i < PRODUCER_SPANS; i++) {
    const struct producer_span_figures *span = &stats->spans[i];
    printf("%s\n      {\"stage\": \"%s\", \"messages\": %" PRIu64 ", \"mean_ns\": %" PRIu64
           ", \"p50_ns\": %" PRIu64 ", \"p99_ns\": %" PRIu64 ", \"max_ns\": %" PRIu64 "}",
           i ? "," : "", producer_span_name(i), span->count, span->mean_ns, span->p50_ns,
           span->p99_ns, span->max_ns);
  }
  fputs("]}", stdout);
}

void demo_report_json(const struct demo_options *options, const struct demo_result *result) {
  struct producer_stats total = demo_report_total(options, result);
  fputs("{\n", stdout);
  json_setting(options);
  fputs("  \"totals\": {", stdout);
  json_counts(&total);
  printf(", \"not_sent\": %" PRIu64 "},\n", result->not_sent);
  printf("  \"sending_ns\": %" PRIu64 ", \"duration_ns\": %" PRIu64
         ", \"messages_per_second\": %.1f,\n",
         result->sending_ns, result->duration_ns, per_second(total.delivered, result->duration_ns));
  fputs("  \"producers\": [\n", stdout);
  for (uint64_t i = 0; i < options->producers; i++) {
    if (i) fputs(",\n", stdout);
    json_producer(result->producer_ids[i], &result->stats[i]);
  }
  fputs("\n  ]\n}\n", stdout);
}
