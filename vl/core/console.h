#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace vl {

/// The stream for people and events (stderr). Whole lines from any thread; on a terminal one status
/// line may stay below them.
class Console {
 public:
  using Write = std::function<void(std::string_view)>;

  /// @param terminal whether a status line can be redrawn
  /// @param color whether ANSI colours may be used
  Console(Write write, bool terminal, bool color);
  /// Standard error; a terminal if it is one, with colours as for "auto".
  static Console standard_error();

  bool terminal() const { return terminal_; }
  bool color() const { return color_; }
  /// @param mode auto always never; auto honours NO_COLOR and TERM=dumb
  void set_color(const std::string& mode);

  /// Writes text and a newline. Nothing of another thread comes between.
  void line(std::string_view text);
  /// Calls make() under the lock and writes what it returns as a line: for numbered lines.
  void line_from(const std::function<std::string()>& make);
  /// Draws the status line anew; cut to the width of the terminal. Does nothing without a terminal.
  void status(const std::string& text);
  /// Ends the status line: empty text erases it, other text stays as a line.
  void end_status(const std::string& text = {});

 private:
  void write_line(std::string_view text);

  Write write_;
  bool terminal_, color_;
  std::mutex mutex_;
  std::string status_;
};

}  // namespace vl
