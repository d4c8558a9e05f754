#include "vl/core/config.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "tests/support/paths.h"
#include "vl/core/error.h"

namespace vl {
namespace {

struct Global {
  std::string config, preset;
  int64_t threads = 0;
  bool json = false;
};
void describe(Global& g, Fields& f) {
  f.add("config", &g.config);
  f.add("preset", &g.preset);
  f.add("threads", &g.threads).range(0, 64).alias({"t", "num-threads"});
  f.add("json", &g.json);
}

struct Verb {
  int64_t crf = 18;
  double top_p = 1.0, rate = 1.0;
  std::string paste = "mouth", text;
  std::vector<int64_t> pads = {0, 10, 0, 0};
  bool lips = true;
};
void describe(Verb& v, Fields& f) {
  f.add("crf", &v.crf, "quality").range(0, 51);
  f.add("top_p", &v.top_p).range(0, 1);
  f.add("rate", &v.rate).range(0.5, 2).inverse_alias({"length-scale"});
  f.add("paste", &v.paste).one_of({"mouth", "box"});
  f.add("text", &v.text).is_text();
  f.add("pads", &v.pads).range(-100, 100);
  f.add("lips", &v.lips);
}

struct Fixture : testing::Test {
  Global global;
  Verb verb;
  test::TempDir dir;
  Command make() {
    Fields g, v;
    describe(global, g);
    describe(verb, v);
    return Command("dub", {{"Global", g, true}, {"Dub", v, false}},
                   {{"balanced", {{"crf", 18}}}, {"realtime", {{"crf", 23}, {"paste", "box"}}}});
  }
  Command run(std::vector<std::string> args) {
    Command c = make();
    c.resolve(args);
    return c;
  }
  std::string file(const std::string& name, const std::string& content) {
    std::ofstream(dir / name) << content;
    return (dir / name).string();
  }
  void fails(std::vector<std::string> args, Code code, const std::string& part) {
    try {
      run(args);
      FAIL() << "no error";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), code) << e.message();
      EXPECT_NE(e.message().find(part), std::string::npos) << e.message();
    }
  }
};

TEST_F(Fixture, FlagFormsOfTheGrammar) {
  run({"--crf", "20", "--crf=21", "--top_p", "0.5", "--no-lips", "--pads", "0,-10,0,5", "-t", "3",
       "--json=true"});
  EXPECT_EQ(verb.crf, 21);
  EXPECT_EQ(verb.top_p, 0.5);
  EXPECT_FALSE(verb.lips);
  EXPECT_EQ(verb.pads, (std::vector<int64_t>{0, -10, 0, 5}));
  EXPECT_EQ(global.threads, 3);
  EXPECT_TRUE(global.json);
  run({"--pads", "-1", "-2", "3", "4", "--lips=false"});
  EXPECT_EQ(verb.pads, (std::vector<int64_t>{-1, -2, 3, 4}));
}

TEST_F(Fixture, AFlagThatNamesTheInverse) {
  const auto rate = [&](const std::vector<std::string>& args) {
    run(args);
    return verb.rate;
  };
  EXPECT_EQ(rate({"--length-scale", "2"}), 0.5);
  EXPECT_EQ(rate({"--length_scale=0.5"}), 2);
  EXPECT_EQ(rate({"--rate", "1.5", "--length-scale", "2"}), 0.5);
  EXPECT_EQ(rate({"--length-scale", "2", "--rate", "1.5"}), 1.5);
  for (const char* bad : {"0", "0.1", "5", "x", "nan", ""})
    EXPECT_THROW(run({"--length-scale", bad}), Error) << bad;
  EXPECT_THROW(run({"--length-scale"}), Error);
  EXPECT_THROW(run({"--lenth-scale", "2"}), Error);
  EXPECT_NE(make().help("").find("--length-scale (1 / X)"), std::string::npos);
}

TEST_F(Fixture, WrongWordsNameTheNearest) {
  fails({"--cfr", "2"}, Code::kUnknownName, "--crf");
  fails({"--cr", "2"}, Code::kUnknownName, "--cr");
  fails({"--paste", "mouht"}, Code::kBadValue, "mouth");
  fails({"--crf", "52"}, Code::kBadValue, "0..51");
  fails({"--crf", "soft"}, Code::kBadValue, "soft");
  fails({"--top-p", "nan"}, Code::kBadValue, "top_p");
  fails({"extra"}, Code::kUnknownName, "extra");
  fails({"--preset", "nope"}, Code::kBadValue, "realtime");
}

TEST_F(Fixture, PrecedenceIsFlagEnvironmentFilePresetDefault) {
  const std::string f = file(
      "v.toml", "preset = \"realtime\"\nthreads = 2\n[dub]\ntop_p = 0.25\npads = [1, 2, 3, 4]\n");
  setenv("VOXLIP_PADS", "5,6,7,8", 1);
  setenv("VOXLIP_NOSUCH", "1", 1);
  const Command c = run({"--config", f, "--crf", "30"});
  unsetenv("VOXLIP_PADS");
  unsetenv("VOXLIP_NOSUCH");
  EXPECT_EQ(verb.crf, 30);
  EXPECT_EQ(c.origin("crf").kind, "flag");
  EXPECT_EQ(verb.pads, (std::vector<int64_t>{5, 6, 7, 8}));
  EXPECT_EQ(c.origin("pads").from, "VOXLIP_PADS");
  EXPECT_EQ(verb.top_p, 0.25);
  EXPECT_EQ(c.origin("top_p").from, f + ":4");
  EXPECT_EQ(verb.paste, "box");
  EXPECT_EQ(c.origin("paste").from, "realtime");
  EXPECT_EQ(c.origin("lips").kind, "default");
  ASSERT_EQ(c.warnings().size(), 1u);
  EXPECT_EQ(c.warnings()[0].code, "W0116");
}

TEST_F(Fixture, ConfigurationFilesAreChecked) {
  const struct {
    const char *name, *content;
    long line;
  } rows[] = {{"a.toml", "[dub]\n\ncfr = 2\n", 3},
              {"b.toml", "[dub]\ncrf = \"x\"\n", 2},
              {"c.toml", "[dub]\ncrf = 99\n", 2},
              {"d.toml", "x = = 1\n", 1},
              {"e.toml", "crf = 2\n", 1}};
  for (const auto& row : rows) try {
      run({"--config", file(row.name, row.content)});
      FAIL() << row.name;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::kConfig) << row.name << e.message();
      EXPECT_EQ(e.where().line, row.line) << row.name;
    }
}

TEST_F(Fixture, PrintedConfigurationGivesTheSameAgain) {
  const std::string printed =
      run({"--crf", "7", "--text", "say \"it\"", "--pads", "1", "2", "3", "4"}).print_toml();
  EXPECT_NE(printed.find("crf = 7  # flag"), std::string::npos) << printed;
  EXPECT_NE(printed.find("paste = \"mouth\"  # default"), std::string::npos) << printed;
  verb = {};
  run({"--config", file("p.toml", printed)});
  EXPECT_EQ(verb.crf, 7);
  EXPECT_EQ(verb.text, "say \"it\"");
  EXPECT_EQ(verb.pads, (std::vector<int64_t>{1, 2, 3, 4}));
}

TEST_F(Fixture, TextValues) {
  run({"--text", "@" + file("t.txt", "\xEF\xBB\xBFline\r\n")});
  EXPECT_EQ(verb.text, "line");
  run({"--text", "@@home"});
  EXPECT_EQ(verb.text, "@home");
  fails({"--text", "a\xff"}, Code::kBadText, "byte 1");
  fails({"--text", "@/no/such/file"}, Code::kNotFound, "no such file");
}

TEST_F(Fixture, HelpListsEveryFlagWithDefaultRangeAndVariable) {
  const std::string h = make().help("summary");
  for (const char* part : {"--crf [18]", "0..51", "VOXLIP_CRF", "-t, --num-threads",
                           "--pads [[0,10,0,0]]", "mouth box"})
    EXPECT_NE(h.find(part), std::string::npos) << part << "\n" << h;
}

TEST(Sizes, UnitsAndErrors) {
  EXPECT_EQ(parse_size("4KiB"), 4096u);
  EXPECT_EQ(parse_size("1.5 MiB"), 1572864u);
  EXPECT_EQ(parse_size("100"), 100u);
  EXPECT_THROW(parse_size("4KB"), Error);
  EXPECT_THROW(parse_size("-1"), Error);
}

}  // namespace
}  // namespace vl
