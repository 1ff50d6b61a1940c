// stl ROUNDS: what C++ programs do with the heap all day: strings, vectors that grow, ordered and
// hashed maps, shared ownership. Deterministic; prints a checksum. No exceptions.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

class Random {
  std::uint64_t state = 88172645463325252u;

public:
  std::uint64_t operator()(std::uint64_t below) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % below;
  }
};

struct Order {
  std::string customer;
  std::vector<std::pair<std::string, double>> lines;
};

std::string word(Random &random) {
  static const char *const parts[] = {"alpha",   "beta", "gamma", "delta",
                                      "epsilon", "zeta", "omega"};
  std::string made = parts[random(7)];
  for (auto more = random(4); more > 0; more--)
    made += std::string("-") + parts[random(7)];
  return made;
}

// Most words are short-lived; each distinct one stays.
std::size_t count_words(Random &random, std::unordered_map<std::string, int> &counts) {
  std::string text;
  for (int i = 0; i < 4000; i++)
    text += word(random) + ' ';
  std::istringstream in(text);
  for (std::string one; in >> one;)
    counts[one]++;
  std::vector<std::pair<int, std::string>> order;
  for (const auto &entry : counts)
    order.emplace_back(entry.second, entry.first);
  std::sort(order.begin(), order.end());
  return order.empty() ? 0 : order.back().second.size();
}

// A window of orders: what is 2,000 orders old goes.
std::size_t take_orders(Random &random, std::deque<std::shared_ptr<Order>> &window,
                        std::map<std::string, std::list<std::weak_ptr<Order>>> &by_customer) {
  std::size_t seen = 0;
  for (int i = 0; i < 1500; i++) {
    auto order = std::make_shared<Order>();
    order->customer = "customer number " + std::to_string(random(300));
    for (auto lines = 1 + random(8); lines > 0; lines--)
      order->lines.emplace_back(word(random), static_cast<double>(random(1000)) / 10);
    auto &list = by_customer[order->customer];
    list.remove_if([](const std::weak_ptr<Order> &old) { return old.expired(); });
    list.push_back(order);
    window.push_back(std::move(order));
    if (window.size() > 2000) window.pop_front();
    seen += list.size();
  }
  return seen;
}

std::size_t sets_and_functions(Random &random) {
  std::set<std::string> sorted;
  std::vector<std::function<std::size_t()>> later;
  for (int i = 0; i < 1500; i++) {
    auto inserted = sorted.insert(word(random) + std::to_string(random(500)));
    std::string copy = *inserted.first;
    later.emplace_back([copy, i] { return copy.size() + static_cast<std::size_t>(i); });
  }
  std::size_t sum = sorted.size();
  for (const auto &call : later)
    sum += call();
  return sum;
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  Random random;
  std::unordered_map<std::string, int> counts;
  std::deque<std::shared_ptr<Order>> window;
  std::map<std::string, std::list<std::weak_ptr<Order>>> by_customer;
  std::size_t sum = 0;
  for (int rounds = std::atoi(argv[1]); rounds > 0; rounds--)
    sum += count_words(random, counts) + take_orders(random, window, by_customer) +
           sets_and_functions(random);
  std::printf("%zu\n", sum);
  return 0;
}
