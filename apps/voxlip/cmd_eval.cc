// voxlip eval: figures of finished videos, and limits for them

#include <algorithm>
#include <cstdio>

#include <ATen/Parallel.h>

#include "apps/voxlip/job_run.h"
#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/core/result.h"
#include "vl/dub/evaluate.h"

namespace vl::app {

namespace {

using Json = nlohmann::ordered_json;

class Eval : public Verb {
 public:
  std::string name() const override { return "eval"; }
  std::string summary() const override {
    return "Measures how well lips and sound of videos agree, and checks limits.";
  }
  std::vector<std::string> positionals() const override { return {"PATH..."}; }
  std::vector<OptionGroup> groups() override { return {option_group("Eval", options_)}; }

  Json run(VerbContext& c) override {
    if (c.arguments.empty()) throw Error(Code::kMissingArgument, "PATH is missing");
    if (c.global.threads > 0) at::set_num_threads(static_cast<int>(c.global.threads));
    std::vector<dub::EvalGate> gates;
    for (const std::string& expr : options_.gate) gates.push_back(dub::parse_gate(expr));
    for (const std::string& path : c.arguments)
      if (!options_.out.empty() && same_file(path, options_.out))
        fail(Code::kExclusiveFlags, "{} would be replaced by its own figures", path);
    if (!options_.out.empty()) check_output(options_.out, c.global.overwrite);
    check_report_target(c, c.arguments);
    if (!options_.out.empty()) check_report_target(c, {options_.out});
    const dub::Evaluator evaluator(metrics(gates), model_places(c.global), c.warnings);
    const std::vector<dub::EvalItem> items = evaluate(c, evaluator);
    if (!options_.out.empty()) write_items(c, evaluator, items);
    const Json document = dub::eval_json(evaluator, items, gates, options_.out);
    if (!c.global.json) print(document);
    c.partial = document;
    check_items(items);
    check_gates(document);
    return document;
  }

 private:
  /// Those asked for, with those that have a limit.
  std::vector<std::string> metrics(const std::vector<dub::EvalGate>& gates) const {
    std::vector<std::string> out = options_.metrics;
    if (!out.empty())
      for (const dub::EvalGate& g : gates) out.push_back(g.metric);
    return out;
  }

  /// A file that fails leaves the others as they are; the only one is the error of the whole.
  static std::vector<dub::EvalItem> evaluate(VerbContext& c, const dub::Evaluator& evaluator) {
    std::vector<dub::EvalItem> out;
    const auto check = [&c] { c.cancel.check(); };
    for (const std::string& path : c.arguments) {
      dub::EvalItem item{.path = path, .figures = {}, .error = {}};
      try {
        item.figures = evaluator.run(path, check);
      } catch (const std::exception& e) {
        check();
        if (c.arguments.size() == 1) throw;
        item.error = as_error(e);
        c.say(error_text(*item.error));
      }
      out.push_back(std::move(item));
    }
    return out;
  }

  void write_items(const VerbContext& c, const dub::Evaluator& evaluator,
                   const std::vector<dub::EvalItem>& items) const {
    std::string lines;
    for (const dub::EvalItem& item : items)
      lines += json_line(dub::eval_item_json(evaluator, item)) + "\n";
    write_file_atomic(options_.out, lines, c.global.overwrite);
  }

  static void print(const Json& document) {
    for (const auto& [name, figure] : document["metrics"].items())
      if (figure.is_null())
        std::printf("%-14s -\n", name.c_str());
      else
        std::printf("%-14s %.3f\n", name.c_str(), figure["mean"].get<double>());
    for (const Json& role : document["missing"])
      std::printf("missing: a model of role %s\n", role.get<std::string>().c_str());
    for (const Json& gate : document["gates"])
      std::printf("%s %s\n", gate["pass"].get<bool>() ? "met    " : "NOT MET",
                  gate["expr"].get<std::string>().c_str());
  }

  static void check_items(const std::vector<dub::EvalItem>& items) {
    const auto failed = std::count_if(items.begin(), items.end(),
                                      [](const auto& i) { return i.error.has_value(); });
    if (failed > 0)
      throw Error(Code::kPartial, fmt::format("{} of {} files failed", failed, items.size()), {},
                  {"--out FILE says why for each file"});
  }

  static void check_gates(const Json& document) {
    for (const Json& gate : document["gates"]) {
      if (gate["pass"].get<bool>()) continue;
      const Json& value = gate["value"];
      throw Error(
          Code::kGateNotMet,
          fmt::format("gate {} not met: {}", gate["expr"].get<std::string>(),
                      value.is_null() ? "the figure is missing"
                                      : fmt::format("the mean is {:.3f}", value.get<double>())),
          {},
          {value.is_null() ? "import a model of the role that \"missing\" names"
                           : "compare figures of one protocol and one set of clips only"});
    }
  }

  dub::EvalOptions options_;
};

}  // namespace

std::unique_ptr<Verb> make_eval() { return std::make_unique<Eval>(); }

}  // namespace vl::app
