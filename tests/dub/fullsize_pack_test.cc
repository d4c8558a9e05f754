#include "vl/dub/fullsize_pack.h"

#include <gtest/gtest.h>

#include "tests/support/paths.h"
#include "vl/core/error.h"
#include "vl/dub/model_list.h"
#include "vl/dub/model_set.h"
#include "vl/models/rmvpe/rmvpe.h"
#include "vl/models/rvc/rvc.h"
#include "vl/models/yunet/yunet.h"

namespace vl::dub {
namespace {

ModelPlaces places(const test::TempDir& folder) {
  return {.models_dir = folder / "models",
          .cache_dir = folder / "cache",
          .packs_dir = test::source("packs"),
          .assets_dir = test::source("assets"),
          .pack = kFullsize};
}

TEST(FullsizePack, ModelsAreMadeOnceAndKept) {
  const test::TempDir folder;
  std::string first;
  for (int i = 0; i < 2; ++i) {
    ModelSet set(places(folder));
    const auto f0 = set.get<models::rmvpe::Rmvpe>("f0");
    ASSERT_NE(f0, nullptr);
    EXPECT_EQ(f0->config().inter_layers, 4);
    const auto& voice = set.voice("");
    const auto rvc = set.get_source<models::rvc::Rvc>("rvc", *voice.rvc, voice.name);
    EXPECT_EQ(rvc->config().sample_rate, 48000);
    EXPECT_NE(set.get<models::yunet::Yunet>("face"), nullptr);
    EXPECT_EQ(set.untrained(), (std::set<std::string>{"f0", "rvc"}));
    EXPECT_EQ(set.used().size(), 3U);
    if (i == 0)
      first = set.used()[0].sha256;
    else
      EXPECT_EQ(set.used()[0].sha256, first);
  }
  std::set<std::string> endings;
  int64_t made = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "cache" / "packs")) {
    endings.insert(entry.path().extension());
    ++made;
  }
  EXPECT_EQ(made, 4);  // two networks with their digests
  EXPECT_EQ(endings, (std::set<std::string>{".safetensors", ".sha256"}));
}

TEST(FullsizePack, EveryRoleIsListed) {
  const test::TempDir folder;
  std::set<std::string> roles;
  for (const auto& m : list_models(places(folder))) roles.insert(m["role"]);
  EXPECT_EQ(roles, (std::set<std::string>{"content", "f0", "vallex", "codec", "vocos", "fastpitch",
                                          "hifigan", "face", "wav2lip", "syncnet", "lse"}));
}

TEST(FullsizePack, ItsWeightsAreNotMixedWithForeignOnes) {
  const test::TempDir folder;
  ModelPlaces with_voice = places(folder);
  with_voice.chosen["rvc"] = test::data("parity/rvc/v2_40k_f0.pth").string();
  EXPECT_FALSE(ModelSet(with_voice).has("content"));
  EXPECT_TRUE(ModelSet(with_voice).has("vocos"));
}

}  // namespace
}  // namespace vl::dub
