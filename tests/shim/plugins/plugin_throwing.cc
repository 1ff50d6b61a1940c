// A C++ plugin whose function throws and catches.
#include <stdexcept>

static void throws(int value) {
  throw std::runtime_error(std::string(static_cast<size_t>(value), 'x'));
}

extern "C" int plugin_throw(int value) {
  try {
    throws(value);
  } catch (const std::runtime_error &error) {
    return static_cast<int>(std::string(error.what()).size()) + 1;
  }
  return -1;
}
