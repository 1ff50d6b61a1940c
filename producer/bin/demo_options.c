/* demo_options.c - reads the command line; each complaint names the option and the remedy. */
#include "demo_options.h"

#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quantity.h"

const char *const demo_policy_names[] = {"block", "eagain", "drop-newest", "drop-oldest", NULL};

static const char help[] =
    "usage: producer_demo [OPTIONS]\n"
    "\n"
    "Sends messages through libproducer's queue to a broker and says how long each stage took.\n"
    "By default the queue is unbounded and one message is sent for each round trip: nearly all of\n"
    "the payload copies pile up in the queue. Try --queue 64, --receive many, --payload move.\n"
    "\n"
    "  --messages N            how many messages to send (3000)\n"
    "  --size SIZE             payload of each, as in 500, 16KiB (32KiB)\n"
    "  --rate N                messages a second; 0: as fast as it goes (0)\n"
    "  --producers N           producers that share the connection, in turn (1)\n"
    "  --queue unbounded|N[:BYTES]\n"
    "                          bound of each queue in messages and payload bytes; 0:BYTES bounds\n"
    "                          only the bytes (unbounded)\n"
    "  --policy block|eagain|drop-newest|drop-oldest\n"
    "                          what a send does when the queue is full (block)\n"
    "  --receive one|many[:LIMIT]\n"
    "                          messages that the background thread takes at once (one; many: 256)\n"
    "  --payload copy|move     the library copies the payload, or takes it over (copy)\n"
    "  --round-trip DURATION   of the broker inside this process, as in 500us, 1s (2ms)\n"
    "  --seed N                of the payloads' contents (1)\n"
    "  --json                  prints the figures as JSON\n"
    "  --log FILE              writes a line for each message with the times of its stages (CSV)\n"
    "  --connect HOST:PORT     talks to a producer_broker instead\n"
    "  --help                  prints this\n"
    "\n"
    "The first message that can't be delivered ends the sending.\n"
    "Exit status: 0 all that the queue took and kept was delivered; 1 some of it was not, or was "
    "not\n"
    "sent; 2 wrong usage; 3 could not start (no broker, no memory, log not writable).\n";

static uint64_t count_of(const char *option, const char *text, uint64_t min, uint64_t max) {
  uint64_t value;
  if (!quantity_count(text, &value) || value < min || value > max)
    errx(2, "--%s: '%s' is not a number from %llu to %llu", option, text, (unsigned long long)min,
         (unsigned long long)max);
  return value;
}

/* Which of the words; a list that ends with NULL. */
static unsigned word_of(const char *option, const char *text, const char *const words[]) {
  for (unsigned i = 0; words[i]; i++)
    if (strcmp(text, words[i]) == 0) return i;
  char list[64] = "";
  for (unsigned i = 0; words[i]; i++) {
    strcat(list, i ? ", " : "");
    strcat(list, words[i]);
  }
  errx(2, "--%s: '%s' is none of: %s", option, text, list);
}

static void parse_queue(struct demo_options *options, const char *text) {
  options->queue_messages = options->queue_bytes = 0;
  if (strcmp(text, "unbounded") == 0) return;
  char messages[24];
  const char *colon = strchr(text, ':');
  size_t length = colon ? (size_t)(colon - text) : strlen(text);
  bool good = length < sizeof messages;
  if (good) {
    memcpy(messages, text, length);
    messages[length] = '\0';
    good = quantity_count(messages, &options->queue_messages);
  }
  if (good && colon) good = quantity_size(colon + 1, &options->queue_bytes);
  if (!good || (options->queue_messages == 0 && options->queue_bytes == 0))
    errx(2,
         "--queue: '%s' is no bound; give unbounded, or messages and perhaps bytes, as in 64 or "
         "64:1MiB",
         text);
}

static void parse_receive(struct demo_options *options, const char *text) {
  if (strcmp(text, "one") == 0)
    options->receive_limit = 1;
  else if (strcmp(text, "many") == 0)
    options->receive_limit = 256;
  else if (strncmp(text, "many:", 5) != 0 || !quantity_count(text + 5, &options->receive_limit) ||
           options->receive_limit < 2 || options->receive_limit > 65536)
    errx(2, "--receive: '%s' is none of: one, many, many:LIMIT with a limit from 2 to 65536", text);
}

static void parse_size(struct demo_options *options, const char *text) {
  if (!quantity_size(text, &options->size) || options->size > 64u << 20)
    errx(2, "--size: '%s' is not a size up to 64MiB; give bytes or a unit, as in 500 or 16KiB",
         text);
}

static void parse_round_trip(struct demo_options *options, const char *text) {
  if (!quantity_duration(text, &options->round_trip_ns))
    errx(2, "--round-trip: '%s' is not a duration; give a number and a unit, as in 500us or 2ms",
         text);
}

enum demo_option {
  MESSAGES,
  SIZE,
  RATE,
  PRODUCERS,
  QUEUE,
  POLICY,
  RECEIVE,
  PAYLOAD,
  ROUND_TRIP,
  SEED,
  JSON,
  LOG,
  CONNECT,
  HELP,
};

static const struct option longs[] = {
    {"messages", required_argument, NULL, MESSAGES},
    {"size", required_argument, NULL, SIZE},
    {"rate", required_argument, NULL, RATE},
    {"producers", required_argument, NULL, PRODUCERS},
    {"queue", required_argument, NULL, QUEUE},
    {"policy", required_argument, NULL, POLICY},
    {"receive", required_argument, NULL, RECEIVE},
    {"payload", required_argument, NULL, PAYLOAD},
    {"round-trip", required_argument, NULL, ROUND_TRIP},
    {"seed", required_argument, NULL, SEED},
    {"json", no_argument, NULL, JSON},
    {"log", required_argument, NULL, LOG},
    {"connect", required_argument, NULL, CONNECT},
    {"help", no_argument, NULL, HELP},
    {0},
};

static void take(struct demo_options *options, int option, const char *text) {
  static const char *const payloads[] = {"copy", "move", NULL};
  switch (option) {
  case MESSAGES:
    options->messages = count_of("messages", text, 1, 100000000);
    break;
  case SIZE:
    parse_size(options, text);
    break;
  case RATE:
    options->rate = count_of("rate", text, 0, 1000000000);
    break;
  case PRODUCERS:
    options->producers = count_of("producers", text, 1, 1000);
    break;
  case QUEUE:
    parse_queue(options, text);
    break;
  case POLICY:
    options->policy = word_of("policy", text, demo_policy_names);
    break;
  case RECEIVE:
    parse_receive(options, text);
    break;
  case PAYLOAD:
    options->move = word_of("payload", text, payloads) == 1;
    break;
  case ROUND_TRIP:
    parse_round_trip(options, text);
    break;
  case SEED:
    options->seed = count_of("seed", text, 0, UINT64_MAX);
    break;
  case JSON:
    options->json = true;
    break;
  case LOG:
    options->log = text;
    break;
  case CONNECT:
    options->connect = text;
    break;
  case HELP:
    fputs(help, stdout);
    exit(0);
  }
}

void demo_options_parse(struct demo_options *options, int argc, char **argv) {
  const uint64_t unset = UINT64_MAX;
  *options = (struct demo_options){.messages = 3000,
                                   .size = 32 << 10,
                                   .producers = 1,
                                   .receive_limit = 1,
                                   .round_trip_ns = unset,
                                   .seed = 1};
  opterr = 0;
  int option;
  while ((option = getopt_long(argc, argv, ":", longs, NULL)) != -1) {
    if (option == ':') errx(2, "%s needs a value; see producer_demo --help", argv[optind - 1]);
    if (option == '?')
      errx(2, "'%s' is not an option, or takes no value; producer_demo --help lists them",
           argv[optind - 1]);
    take(options, option, optarg);
  }
  if (optind < argc)
    errx(2, "'%s' is not an option; producer_demo --help lists them", argv[optind]);
  if (options->connect && options->round_trip_ns != unset)
    errx(2, "--round-trip: the broker of --connect has its own; give it to producer_broker");
  if (options->round_trip_ns == unset) options->round_trip_ns = options->connect ? 0 : 2000000;
}
