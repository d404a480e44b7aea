// `std::format` for C++ libraries that have none, GCC 12's among them. mlx-c formats messages with
// plain "{}" only, so that is all this knows.
#pragma once
#if defined(__cplusplus) && __cplusplus >= 202002L
#include <version>
#ifndef __cpp_lib_format
#include <sstream>
#include <string>
#include <string_view>

namespace std {

inline void format_rest(ostringstream& out, string_view pattern) {
  out << pattern;
}

template <class First, class... Rest>
void format_rest(ostringstream& out, string_view pattern, const First& first, const Rest&... rest) {
  const auto hole = pattern.find("{}");
  if (hole == string_view::npos) {
    out << pattern;
    return;
  }
  out << pattern.substr(0, hole) << first;
  format_rest(out, pattern.substr(hole + 2), rest...);
}

template <class... Values>
string format(string_view pattern, const Values&... values) {
  ostringstream out;
  format_rest(out, pattern, values...);
  return out.str();
}

} // namespace std
#endif
#endif
