/* broker.c - producer_broker: the library's broker as a process of its own, over TCP.
 *
 * A single thread; SIGTERM and SIGINT come in through a descriptor and end it in order.
 */
#include "../broker.h"

#include <err.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "../connection.h"
#include "quantity.h"

static const char help[] =
    "usage: producer_broker [OPTIONS]\n"
    "\n"
    "Takes messages of producer_demo --connect, checks and counts them, and answers.\n"
    "\n"
    "  --listen HOST:PORT      where; port 0 takes a free one (127.0.0.1:0); the address is "
    "printed\n"
    "  --round-trip DURATION   from a request's end to its answer, as in 500us, 2ms (0)\n"
    "  --rate N[:REQUESTS]     messages a second that it works through, and requests (no limit)\n"
    "  --silent                reads everything and answers nothing\n"
    "  --die-after N           closes all connections, unanswered, with the Nth message\n"
    "  --max-clients N         turns more clients away (64)\n"
    "  --help                  prints this\n"
    "\n"
    "SIGTERM and SIGINT end it; then it prints what it counted.\n"
    "Exit status: 0 ended by such a signal; 2 wrong usage; 3 could not start; 4 died "
    "(--die-after).\n";

static uint64_t count_of(const char *option, const char *text) {
  uint64_t value;
  if (!quantity_count(text, &value) || value == 0 || value > 1000000000)
    errx(2, "--%s: '%s' is not a number from 1 to 1000000000", option, text);
  return value;
}

static void parse_rate(struct broker_options *options, const char *text) {
  char records[24];
  const char *colon = strchr(text, ':');
  size_t length = colon ? (size_t)(colon - text) : strlen(text);
  if (length >= sizeof records) errx(2, "--rate: '%s' is not a rate, as in 5000 or 5000:200", text);
  memcpy(records, text, length);
  records[length] = '\0';
  options->record_cost_ns = 1000000000 / count_of("rate", records);
  options->request_cost_ns = colon ? 1000000000 / count_of("rate", colon + 1) : 0;
}

static const char *parse(struct broker_options *options, int argc, char **argv) {
  enum { LISTEN, ROUND_TRIP, RATE, SILENT, DIE_AFTER, MAX_CLIENTS, HELP };
  static const struct option longs[] = {{"listen", required_argument, NULL, LISTEN},
                                        {"round-trip", required_argument, NULL, ROUND_TRIP},
                                        {"rate", required_argument, NULL, RATE},
                                        {"silent", no_argument, NULL, SILENT},
                                        {"die-after", required_argument, NULL, DIE_AFTER},
                                        {"max-clients", required_argument, NULL, MAX_CLIENTS},
                                        {"help", no_argument, NULL, HELP},
                                        {0}};
  const char *address = "127.0.0.1:0";
  *options = (struct broker_options){.max_clients = 64};
  opterr = 0;
  int option;
  while ((option = getopt_long(argc, argv, ":", longs, NULL)) != -1) {
    switch (option) {
    case LISTEN:
      address = optarg;
      break;
    case ROUND_TRIP:
      if (!quantity_duration(optarg, &options->round_trip_ns))
        errx(2,
             "--round-trip: '%s' is not a duration; give a number and a unit, as in 500us or 2ms",
             optarg);
      break;
    case RATE:
      parse_rate(options, optarg);
      break;
    case SILENT:
      options->silent = true;
      break;
    case DIE_AFTER:
      options->die_after = count_of("die-after", optarg);
      break;
    case MAX_CLIENTS:
      options->max_clients = count_of("max-clients", optarg);
      if (options->max_clients > 10000) errx(2, "--max-clients: at most 10000");
      break;
    case HELP:
      fputs(help, stdout);
      exit(0);
    case ':':
      errx(2, "%s needs a value; see producer_broker --help", argv[optind - 1]);
    default:
      errx(2, "'%s' is not an option, or takes no value; producer_broker --help lists them",
           argv[optind - 1]);
    }
  }
  if (optind < argc)
    errx(2, "'%s' is not an option; producer_broker --help lists them", argv[optind]);
  return address;
}

static int open_signals(void) {
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  sigprocmask(SIG_BLOCK, &ending, NULL);
  return signalfd(-1, &ending, SFD_CLOEXEC);
}

int main(int argc, char **argv) {
  struct broker_options options;
  const char *address = parse(&options, argc, argv);
  int stop = open_signals();
  uint16_t port = 0;
  int listener = connection_listen(address, &port);
  if (stop < 0 || listener < 0) {
    fprintf(stderr, "producer_broker: --listen: can't listen at '%s': %s; give HOST:PORT\n",
            address, strerror(-listener));
    return 3;
  }
  /* the host as it was given, the port as it became */
  printf("listening on %.*s:%u\n", (int)(strrchr(address, ':') - address), address, port);
  fflush(stdout);
  struct broker broker;
  int error = broker_serve(&broker, &options, listener, stop);
  close(stop);
  const struct broker_counts *counts = &broker.counts;
  printf("clients %" PRIu64 ", refused %" PRIu64 ", broken %" PRIu64 "\n", counts->clients,
         counts->refused_clients, counts->broken_clients);
  printf("requests %" PRIu64 ", damaged %" PRIu64 "\n", counts->requests, counts->damaged_requests);
  printf("messages %" PRIu64 ", bytes %" PRIu64 "\n", counts->records, counts->payload_bytes);
  if (error) fprintf(stderr, "producer_broker: %s\n", strerror(-error));
  return error ? 3 : broker.died ? 4 : 0;
}
