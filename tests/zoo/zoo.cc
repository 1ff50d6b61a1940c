// zoo_cc BEHAVIOUR --log FILE [--threads PxC]: queues as C++ programs have them.
// zoo_cc --list: names, as zoo's.
//
// std::deque holds many messages a block, std::list one and its payload another, and of a
// std::queue<std::unique_ptr> the chunks hold many pointers.
#include <pthread.h>
#include <sys/prctl.h>

#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <queue>
#include <string>
#include <thread>
#include <vector>

#include "clock.h"
#include "log.h"

namespace {

struct Small {
  unsigned char text[64];
};
struct Large {
  unsigned char text[1000];
};

using Deque = std::queue<Small, std::deque<Small>>;
using List = std::queue<std::string, std::list<std::string>>;
using Unique = std::queue<std::unique_ptr<Large>>;

struct Plan {
  double rho;
  uint64_t bound; // 0: none
  unsigned producers, consumers;
};
constexpr uint64_t FILL_NS = 600000000;

template <typename Container> struct Channel {
  Container container;
  std::mutex mutex;
  std::condition_variable filled, drained;
  uint64_t bound = 0;
  int id = 0; // log_declare()'s
  bool closed = false;

  void push(typename Container::value_type message) {
    std::unique_lock lock(mutex);
    drained.wait(lock, [this] { return bound == 0 || container.size() < bound; });
    container.push(std::move(message));
    log_event(id, LOG_IN);
    filled.notify_one();
  }

  // Returns false when it is closed and empty.
  bool pop(typename Container::value_type &message, bool &waited) {
    std::unique_lock lock(mutex);
    waited = container.empty();
    filled.wait(lock, [this] { return closed || !container.empty(); });
    if (container.empty()) return false;
    message = std::move(container.front());
    container.pop();
    log_event(id, LOG_OUT);
    drained.notify_one();
    return true;
  }

  void close() {
    std::unique_lock lock(mutex);
    closed = true;
    filled.notify_all();
  }
};

// Each queue's blocks have one of these in their stacks.
void deque_send(Channel<Deque> &channel) {
  log_event(channel.id, LOG_BORN);
  channel.push(Small());
}

void list_send(Channel<List> &channel) {
  std::string message(500, 'x');
  log_event(channel.id, LOG_BORN);
  channel.push(std::move(message));
}

void unique_send(Channel<Unique> &channel) {
  auto message = std::make_unique<Large>();
  log_event(channel.id, LOG_BORN);
  channel.push(std::move(message));
}

template <typename Container>
void produce(Channel<Container> &channel, void (*send)(Channel<Container> &), uint64_t gap_ns) {
  pthread_setname_np(pthread_self(), "producer");
  uint64_t due_ns = clock_now_ns(), end_ns = due_ns + FILL_NS;
  for (;;) {
    due_ns += gap_ns;
    clock_sleep_until(std::min(due_ns, end_ns));
    if (clock_now_ns() >= end_ns) return;
    send(channel);
  }
}

template <typename Container> void consume(Channel<Container> &channel, uint64_t service_ns) {
  pthread_setname_np(pthread_self(), "consumer");
  uint64_t done_ns = 0;
  for (;;) {
    typename Container::value_type message;
    bool waited;
    if (!channel.pop(message, waited)) return;
    done_ns = clock_done(waited ? clock_now_ns() : done_ns, service_ns);
    clock_sleep_until(done_ns);
    message = {};
    log_event(channel.id, LOG_FREED);
  }
}

template <typename Container>
void run(log_queue declared, const Plan &plan, void (*send)(Channel<Container> &)) {
  uint64_t gap_ns = 25000;
  Channel<Container> channel;
  declared.label = plan.bound ? "bounded-queue" : plan.rho > 1 ? "unbounded-queue" : "healthy";
  declared.policy = plan.bound && declared.per_block == 1 ? "blocking" : nullptr;
  declared.bound = channel.bound = plan.bound;
  declared.filler = "producer";
  declared.drainer = "consumer";
  channel.id = log_declare(&declared);
  std::vector<std::thread> producers, consumers;
  for (unsigned i = 0; i < plan.consumers; i++)
    consumers.emplace_back(
        [&] { consume(channel, uint64_t(double(gap_ns) * plan.rho) * plan.consumers); });
  for (unsigned i = 0; i < plan.producers; i++)
    producers.emplace_back([&] { produce(channel, send, gap_ns * plan.producers); });
  for (auto &thread : producers)
    thread.join();
  channel.close();
  for (auto &thread : consumers)
    thread.join();
}

log_queue queue_of(const char *site, unsigned per_block, size_t block_bytes) {
  log_queue queue = {};
  queue.site = site;
  queue.per_block = per_block;
  queue.block_bytes = uint32_t(block_bytes);
  return queue;
}

const char *const containers[] = {"deque", "list", "unique"};
const char *const behaviours[] = {"unbounded", "bounded", "healthy"};

void run_container(const std::string &container, const Plan &plan) {
  if (container == "deque") run(queue_of("deque_send", 512 / sizeof(Small), 512), plan, deque_send);
  if (container == "list") run(queue_of("list_send", 1, 500), plan, list_send);
  if (container == "unique") run(queue_of("unique_send", 1, sizeof(Large)), plan, unique_send);
}

bool run_named(const std::string &name, Plan plan) {
  for (auto container : containers) {
    for (auto behaviour : behaviours) {
      if (name != std::string("cc-") + container + "-" + behaviour) continue;
      bool bounded = std::string(behaviour) == "bounded";
      plan.rho = std::string(behaviour) == "healthy" ? 0.7 : 1.8;
      plan.bound = bounded ? 2000 : 0;
      run_container(container, plan);
      return true;
    }
  }
  return false;
}

int usage() {
  std::fputs("usage: zoo_cc BEHAVIOUR --log FILE [--threads 3x1]\n       zoo_cc --list\n", stderr);
  return 2;
}

} // namespace

int main(int argc, char **argv) {
  Plan plan = {0, 0, 1, 1};
  const char *log_path = nullptr;
  if (argc == 2 && std::strcmp(argv[1], "--list") == 0) {
    for (auto container : containers)
      for (auto behaviour : behaviours)
        std::printf("cc-%s-%s threads\n", container, behaviour);
    return 0;
  }
  for (int i = 2; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--log") == 0) log_path = argv[i + 1];
    if (std::strcmp(argv[i], "--threads") == 0 &&
        std::sscanf(argv[i + 1], "%ux%u", &plan.producers, &plan.consumers) != 2)
      return usage();
  }
  if (log_path == nullptr) return usage();
  prctl(PR_SET_TIMERSLACK, 1000ul);
  if (!run_named(argv[1], plan)) return usage();
  log_write(log_path, argv[1]);
}
