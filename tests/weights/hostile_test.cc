#include <chrono>

#include <sys/resource.h>

#include <gtest/gtest.h>

#include "tests/weights/container_bytes.h"
#include "vl/core/error.h"
#include "vl/weights/checkpoint.h"
#include "vl/weights/pickle_globals.h"

namespace vl::weights {
namespace {

using namespace test_bytes;  // NOLINT: the builders are the vocabulary of this file

Checkpoint read(const std::string& bytes) {
  auto buffer = std::make_shared<std::string>(bytes);
  return read_checkpoint_bytes({buffer, buffer->data(), buffer->size()}, "x.pth");
}

std::string zip(const std::string& pickle, const std::string& data = std::string(64, '\0')) {
  return ZipBytes().add("x/data.pkl", pickle).add("x/data/0", data).finish();
}

/// kInternal stands for "no error".
constexpr Code kFine = Code::kInternal;

struct Row {
  const char* name;
  std::string bytes;
  Code code;
  const char* says = "";
};

void expect_rows(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    const auto begin = std::chrono::steady_clock::now();
    Code code = kFine;
    std::string message;
    try {
      read(row.bytes);
    } catch (const Error& e) {
      code = e.code();
      message = e.message();
      EXPECT_LT(message.size(), 400U) << row.name;
    }
    EXPECT_EQ(code, row.code) << row.name << ": " << message;
    EXPECT_NE(message.find(row.says), std::string::npos) << row.name << ": " << message;
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20)) << row.name;
  }
}

std::string tensor_zip(int64_t count, int64_t offset, const std::vector<int64_t>& sizes,
                       const std::vector<int64_t>& strides) {
  return zip(dict_of(tensor(storage("0", count), offset, sizes, strides)));
}

TEST(Hostile, TensorsThatDoNotFitTheirStorage) {
  constexpr int64_t kHuge = INT64_MAX;
  const auto bad = Code::kNotACheckpoint;
  expect_rows({
      {"fits", tensor_zip(16, 0, {4, 4}, {4, 1}), kFine},
      {"transposed", tensor_zip(16, 0, {4, 4}, {1, 4}), kFine},
      {"expanded", tensor_zip(16, 3, {1000, 2}, {0, 1}), kFine},
      {"scalar", tensor_zip(16, 15, {}, {}), kFine},
      {"empty", tensor_zip(16, 0, {0, 5}, {5, 1}), kFine},
      {"one too far", tensor_zip(16, 1, {4, 4}, {4, 1}), bad, "storage \"0\""},
      {"negative offset", tensor_zip(16, -1, {4}, {1}), bad, "storage \"0\""},
      {"negative size", tensor_zip(16, 0, {-4}, {1}), bad, "storage \"0\""},
      {"negative stride", tensor_zip(16, 8, {4}, {-1}), bad, "storage \"0\""},
      {"sizes overflow", tensor_zip(16, 0, {kHuge, kHuge}, {1, 1}), bad},
      {"sizes overflow beside 0", tensor_zip(16, 0, {0, kHuge, kHuge}, {1, 1, 1}), bad},
      {"reach overflows", tensor_zip(16, 0, {3, 3}, {kHuge, kHuge}), bad},
      {"offset overflows", tensor_zip(16, kHuge, {2}, {kHuge}), bad},
      {"expanded without bound", tensor_zip(16, 0, {int64_t{1} << 40}, {0}), bad},
      {"rank 65", tensor_zip(16, 0, std::vector<int64_t>(65, 1), std::vector<int64_t>(65, 1)), bad},
      {"two ranks", tensor_zip(16, 0, {2, 2}, {1}), bad, "malformed"},
      {"negative storage", tensor_zip(-1, 0, {1}, {1}), bad, "-1 elements"},
      {"huge storage", tensor_zip(kHuge, 0, {1}, {1}), bad, "elements"},
      {"storage longer than its bytes", tensor_zip(17, 0, {1}, {1}), Code::kTruncatedModel,
       "64 of 68 bytes"},
      {"storage without bytes", zip(dict_of(tensor(storage("7", 1), 0, {1}, {1}))),
       Code::kTruncatedModel, "data/7"},
      {"two types", zip(dict_of(tuple({storage("0", 16), storage("0", 8, "DoubleStorage")}))), bad,
       "two types"},
      {"unknown storage", zip(dict_of(storage("0", 16, "FooStorage"))), bad, "torch.FooStorage"},
      {"complex storage is inert",
       zip(dict_of(tensor(storage("0", 8, "ComplexFloatStorage"), 0, {8}, {1}))), kFine},
  });
}

TEST(Hostile, ArchivesThatLie) {
  const std::string pickle = dict_of(tensor(storage("0", 16), 0, {16}, {1}));
  const std::string good = zip(pickle);
  const auto with = [&good](size_t from_end, const std::string& bytes) {
    std::string out = good;
    return out.replace(out.size() - from_end, bytes.size(), bytes);
  };
  ZipBytes overlapping;
  overlapping.add("x/data/0", std::string(1 << 20, 'a'));
  std::string many = proto() + "}(";
  for (int i = 0; i < 200; ++i) {
    const std::string key = std::to_string(i);
    if (i > 0) overlapping.alias("x/data/" + key, 1 << 20);
    many += text(key) + tensor(storage(key, 1 << 18), 0, {1 << 18}, {1});
  }
  overlapping.add("x/data.pkl", many + "u.");
  const std::string locator = "PK\x06\x07" + le(0, 4) + le(UINT64_MAX - 8, 8) + le(1, 4);
  const auto bad = Code::kNotACheckpoint;
  expect_rows({
      {"good", good, kFine},
      {"no data.pkl", ZipBytes().add("a.txt", "hello").finish(), bad, "data.pkl"},
      {"empty archive", std::string("PK\x03\x04", 4) + ZipBytes().finish(), bad},
      {"data.pkl packed", ZipBytes().add("x/data.pkl", pickle, 8).finish(),
       Code::kUnsupportedVariant, "compressed"},
      {"big-endian", ZipBytes().add("x/data.pkl", pickle).add("x/byteorder", "big").finish(),
       Code::kUnsupportedVariant, "big-endian"},
      {"same name twice", ZipBytes().add("x/data.pkl", pickle).add("x/data.pkl", pickle).finish(),
       bad, "two members"},
      {"members over each other", overlapping.finish(), bad, "over each other"},
      {"directory behind the end", with(6, le(0xFFFFFF00, 4)), bad, "directory"},
      {"directory in the data", with(6, le(3, 4)), bad, "entry 0"},
      {"more entries than there are", with(12, le(60000, 2)), bad, "entry 2"},
      {"ZIP64 record outside",
       good.substr(0, good.size() - 22) + locator + good.substr(good.size() - 22), bad, "ZIP64"},
      {"cut before the directory", good.substr(0, good.size() / 2), Code::kTruncatedModel,
       "ends early"},
  });
}

TEST(Hostile, PicklesThatAskForMemory) {
  const std::string megabyte = text(std::string(1 << 20, 'a'));
  const auto repeat = [](const std::string& part, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += part;
    return out;
  };
  const std::string arguments =
      tuple({storage("0", 16), integer(0), numbers({16}), numbers({1}), "\x89", "N"}) + "q\x01" +
      "0";
  const std::string maker = global("torch._utils", "_rebuild_tensor_v2") + "q\x02" + "0";
  const auto bad = Code::kNotACheckpoint;
  expect_rows({
      {"long text named often",
       zip(proto() + megabyte + "q\x01" + "0](" + repeat("h\x01", 100000) + "e."), bad, "repeated"},
      {"long class name called often",
       zip(proto() + global("a", std::string(1 << 20, 'b')) + "q\x01" + "0](" +
           repeat("h\x01)R", 10000) + "e."),
       bad, "more data than"},
      {"empty dictionaries", zip(proto() + "](" + repeat("}", 4'000'000) + "e."), bad,
       "more data than"},
      {"memo entries", zip("\x80\x04]" + repeat("\x94", 4'000'000) + "."), kFine},
      {"tensors", zip(proto() + arguments + maker + "](" + repeat("h\x02h\x01R", 1'000'000) + "e."),
       bad, "more data than"},
      {"objects nested 10,000 deep", zip(proto() + repeat("]", 10000) + repeat("a", 9999) + "."),
       bad, "too deep"},
      {"tuples nested 10,000 deep", zip(proto() + ")" + repeat("\x85", 10000) + "."), bad,
       "too deep"},
      {"LONG4 of 2 GiB", zip(proto() + "\x8b" + le(0x7FFFFFFF, 4)), Code::kTruncatedModel,
       "wants 2147483647"},
      {"text of 2^63 bytes", zip("\x80\x04\x8d" + le(uint64_t{1} << 63, 8)), Code::kTruncatedModel},
      {"line without end", zip(proto() + "Iabc"), Code::kTruncatedModel},
      {"a number that is none", zip(proto() + "Iabc\n."), bad, "number"},
      {"marks only", zip(proto() + repeat("(", 1'000'000)), Code::kTruncatedModel},
      {"no stop", zip(proto() + "N"), Code::kTruncatedModel},
      {"unknown opcode", zip(proto() + "\xff"), bad, "0xff at byte 2"},
      {"list that holds itself", zip(proto() + "]q\x01h\x01" + "a."), kFine},
      {"dictionary that holds itself", zip(proto() + "}q\x01" + text("a") + "h\x01s."), kFine},
  });
}

TEST(Hostile, SharedListsDoNotGrowInJson) {
  std::string laughs = proto() + "]q\x01";
  for (int i = 0; i < 60; ++i) laughs += std::string("](h\x01h\x01") + "eq\x01";
  const Checkpoint got = read(zip(laughs + "."));
  try {
    got.root.to_json();
    ADD_FAILURE() << "2^60 elements";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kBadWeights);
  }
}

TEST(Hostile, SharedModulesDoNotGrow) {
  const std::string module = global("__torch__.m", "Module") + ")\x81";
  std::string pickle = proto() + module + "q\x01" + "0";
  for (int i = 0; i < 60; ++i)
    pickle += module + "}(" + text("a") + "h\x01" + text("b") + "h\x01" + "ubq\x01" + "0";
  expect_rows({{"modules", zip(pickle + "h\x01."), Code::kNotACheckpoint, "without bound"}});
}

TEST(Hostile, TextsOfOldStreamsBecomeUtf8) {
  const struct {
    const char* opcodes;
    const char* want;
  } rows[] = {
      {"U\x03\xe9t\xe9", "\u00e9t\u00e9"},  // Latin-1 of Python 2
      {"U\x02\xc3\xa9", "\u00e9"},          // UTF-8 stays
      {"S'a\\x41\\'\\n\\101'\n", "aA'\nA"},
      {"Vx\\u00e9\\U0001f600\n", "x\u00e9\U0001f600"},
  };
  for (const auto& row : rows)
    EXPECT_EQ(*read(zip(proto() + row.opcodes + ".")).root.text(), row.want) << row.want;
}

TEST(Hostile, Globals) {
  const struct {
    const char *module, *name;
    bool refused;
  } rows[] = {
      {"os", "system", true},
      {"posix", "system", true},
      {"nt", "system", true},
      {"os.path", "join", true},
      {"subprocess", "Popen", true},
      {"sys", "exit", true},
      {"builtins", "eval", true},
      {"builtins", "getattr", true},
      {"builtins", "__import__", true},
      {"__builtin__", "compile", true},
      {"__builtin__", "open", true},
      {"shutil", "rmtree", true},
      {"importlib", "import_module", true},
      {"runpy", "run_path", true},
      {"socket", "socket", true},
      {"ctypes", "CDLL", true},
      {"pickle", "loads", true},
      {"cPickle", "loads", true},
      {"marshal", "loads", true},
      {"code", "interact", true},
      {"pty", "spawn", true},
      {"platform", "popen", true},
      {"webbrowser", "open", true},
      {"functools", "partial", true},
      {"operator", "attrgetter", true},
      {"types", "FunctionType", true},
      {"torch.hub", "load", true},
      {"numpy.testing._private.utils", "runstring", true},
      {"dill._dill", "_create_function", true},
      {"collections", "OrderedDict.__init__.__globals__", true},
      {"builtins", "set", false},
      {"__builtin__", "object", false},
      {"builtins", "slice", false},
      {"collections", "OrderedDict", false},
      {"pathlib", "PosixPath", false},
      {"argparse", "Namespace", false},
      {"copyreg", "__newobj__", false},
      {"copy_reg", "_reconstructor", false},
      {"numpy.core.multiarray", "_reconstruct", false},
      {"numpy", "dtype", false},
      {"omegaconf.dictconfig", "DictConfig", false},
      {"fairseq.data.dictionary", "Dictionary", false},
      {"torch", "float16", false},
      {"torch.nn.modules.conv", "Conv1d", false},
      {"osmosis", "system", false},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(is_dangerous_global(row.module, row.name), row.refused) << row.module << row.name;
    const std::string full = std::string(row.module) + "." + row.name;
    const std::string bytes =
        zip(proto() + "}" + text("w") + global(row.module, row.name) + text("x") + "\x85Rs.");
    try {
      const Checkpoint got = read(bytes);
      EXPECT_FALSE(row.refused) << full;
      EXPECT_EQ(got.globals, std::vector<std::string>{full});
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), row.refused ? Code::kUnsafeModel : Code::kNotACheckpoint) << full;
      if (row.refused) {
        EXPECT_EQ(e.message(), "x.pth refers to " + full + ": refused");
      }
    }
  }
}

}  // namespace
}  // namespace vl::weights
