#!/usr/bin/env python3
"""Runs the public Chinese cleaner (`chinese_to_ipa` of Plachtaa/VALL-E-X 3faaf8c) and writes rows "text<TAB>symbols" for the tests. In an
environment with jieba==0.42.1, pypinyin==0.55.0, cn2an==0.5.24:

    python3 tools/make_zh_cases.py VALL-E-X/utils/g2p/mandarin.py tests/data/parity/vallex/zh_cases.tsv
    python3 tools/make_zh_cases.py VALL-E-X/utils/g2p/mandarin.py many.tsv 20000 7    # further random rows and their seed

Texts that the public code cannot read (it raises for whole numbers above 16 digits) are left out."""
import importlib.util
import random
import sys
import warnings

CASES = """
床前明月光，疑是地上霜。 举头望明月，低头思故乡。 欢迎使用语音合成系统！ 春天来了，花儿都开了。 他把行李放在银行门口。 长城很长，他长得很高。
音乐让我快乐。 重庆的重量很重。 教室里老师在教书。 一行白鹭上青天 他还没有还书。 他好学，成绩很好。 数一数有多少数字 这个地方的地基很稳，他慢慢地走。
我得去，跑得快，得到了。 着急的人睡着了，看着书，着火了。 给你供给 便宜的便条 角色在角落 参加人参大会 差不多出差，参差不齐 都市里什么都有
调查调整音调 我喜欢朝阳区的朝阳，那些人也喜欢。 传记里的传说 银行行长行不行 了解了没有 盛饭盛大 薄荷薄片很薄 血液流血了 露出露水 爸爸妈妈哥哥姐姐弟弟妹妹
桌子椅子孩子狮子 东西南北，买东西 你们他们咱们 石头骨头木头 一会儿玩儿花儿哪儿 小孩儿 女儿儿子 旅游绿茶律师吕布 女人虐待掠夺策略 月亮圆圆，云彩远去 居然去区域学习
圈圈军队群众训练 哦，嗯，唉，欸，呣，噷！ 呒呣嗯哼 姆妈 喔，哟，唷！ 波坡摸佛 伯婆磨破 恩，儿，耳，二 这是、那是；以及：结果 “你好”他说。 《红楼梦》（第一回） 真的吗？真的！真的……
他说——不行—— 你好...世界 你好…世界 OK没问题 我在IBM和AT&T上班 他买了iPhone15和B超机 卡拉OK很好玩 T恤和X光 维生素C和维他命B12 AA制吃饭 4S店里有1号店 用C++和c#写程序
阿Q正传 PM2.5超标 Wi-Fi密码是abc123 HTTP://www.example.com 邮箱是a.b@c.com VALL-E X模型 GPU与CPU 3D打印 α粒子和β射线 γ射线很危险
今天是2023年11月5日 电话13800138000 房间号是007 共100000元 1000000人 10000001个 一共1234567890元 9999999999999999 1000000000000000 10 11 12 20 100 101 110 111 1001 1010 1100
10010 100010 101000 100100000 100000000 100010000 1000010000 120000 12000000 1200000000000 10000000000000 3.14 0.5 100.05 3.1415926535897932384 00.5 0 00 1.2.3 .5 5. 1,234 50% 3.5% -5度 1/2
比分是3:2，时间12:30 第1名和第10名 2个苹果和2只猫 １２３个 ３.１４ 1９5 二〇二三年 〇 零点 十一月十一日 一二三四五六七八九十百千万亿 两千零一
繁體中文測試：這個語音合成系統 臺灣與香港 龍馬精神 憂鬱的臺灣烏龜 麵包與雞蛋 裡外後面 頭髮發展 乾淨幹部
龘靐齉齾 犇猋骉羴鱻 饕餮魑魅魍魉 彳亍踽踽 尴尬龃龉 㐀㐁㐂 𠮷野家 鿕鿖鿗 鿿鿾 豈更車 你㐀好 他𠮷说 鿋你 龥龦龧 鿃鿄
他来到了网易杭研大厦 小明硕士毕业于中国科学院计算所 韩玉赏鉴 研究生命起源 南京市长江大桥 乒乓球拍卖完了 结婚的和尚未结婚的 我不懂量子和粒子 王小明去找李雷和韩梅梅玩
赵钱孙李周吴郑王 欧阳娜娜和司马懿 张三丰李四光 奥巴马访问北京 哈利波特大 特朗普拜登泽连斯基 哔哩哔哩抖音快手 内卷躺平佛系 给力坑爹 喜大普奔 囧 槑 咗嘅喺 乜嘢
一丁不识 一丁点儿 不得了 差强人意 自怨自艾 否极泰来 心广体胖 为虎作伥 暴虎冯河 虚与委蛇 叶公好龙 拾级而上 数见不鲜 一唱一和 曲高和寡 间不容发 图穷匕见 大腹便便 没精打采 得心应手的得心应
你好😀世界 👍赞 你好，world！ Hello，世界 你 好 a你b好c こんにちは世界 좋은你好 привет你好 ｈｅｌｌｏ你好 İıſK你好 ㄅㄆㄇ你好ㄧㄢ 你→好↓ s`你s 子s`⁼ ts的 知吃诗日 资雌思 四是四十是十
知识 日子 使 四 日。 是， 字！ 儿 二 而且 吃s` 思s ~你好~ 你好~ !? ，。！？ ——— … 、；： 「你好」 【注意】 （括号） 你好：世界；再见、朋友 ～波浪～ ·点·
没问题，我们明天早上八点在北京西站见面吧，别忘了带身份证！ 人工智能（AI）技术正在改变我们的生活方式。 请在“嘀”声后留言，留言完毕后请挂断。 该模型支持16kHz、24kHz和48kHz采样率。 据报道，2024年GDP增长5.2%，达到126万亿元。
""".split()
SPACED = [
    "你好 世界", " 你好", "你好 ", "我 有 3 个", "this is 中文 and English", "你好　世界", "第 1 章 第 2 节", "a b c", "Python 3.11 发布了", "他 说 ： “ 好 ”",
    "我用 Visual Studio Code 写 C++ 代码。", "CD 和 DVD", "知 道", "是 s", "s` 是",
]
PIECES = ["，", "。", "！", "？", "、", "；", "：", "“", "”", "……", "——", " ", ",", ".", "-", "~", "%", "的", "了", "〇", "ABC", "vip", "K", "😀", "ˉ", "㐀"]


def number(rng):
    digits = "".join(rng.choice("0012345678900") for _ in range(rng.choice([1, 1, 2, 2, 3, 4, 5, 8, 9, 12, 13, 16])))
    return digits + (("." + "".join(rng.choice("0123456789") for _ in range(rng.randint(1, 20)))) if rng.random() < 0.2 else "")


def random_text(rng, words, phrases, readings):
    sources = [
        lambda: rng.choice(words), lambda: rng.choice(words), lambda: rng.choice(phrases), lambda: number(rng), lambda: rng.choice(PIECES),
        lambda: "".join(chr(rng.choice(readings)) for _ in range(rng.randint(1, 4))),
        lambda: rng.choice(phrases)[: rng.randint(1, 3)], lambda: rng.choice(words)[-rng.randint(1, 2):],
    ]
    return "".join(rng.choice(sources)() for _ in range(rng.randint(1, 10)))


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    warnings.simplefilter("ignore")
    spec = importlib.util.spec_from_file_location("mandarin", sys.argv[1])
    mandarin = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(mandarin)
    import jieba
    from pypinyin.constants import PHRASES_DICT, PINYIN_DICT

    count, seed = (int(a) for a in sys.argv[3:5]) if len(sys.argv) > 4 else (60, 1)
    jieba.setLogLevel("ERROR")
    jieba.initialize()
    rng = random.Random(seed)
    words = sorted(w for w, f in jieba.dt.FREQ.items() if f)
    texts = CASES + SPACED + [random_text(rng, words, sorted(PHRASES_DICT), sorted(PINYIN_DICT)) for _ in range(count)]
    with open(sys.argv[2], "w", encoding="utf-8", newline="\n") as out:
        out.write(f"text\tchinese_to_ipa of VALL-E-X 3faaf8c with jieba 0.42.1, pypinyin 0.55.0, cn2an 0.5.24 (tools/make_zh_cases.py, {count} random rows, seed {seed})\n")
        for text in texts:
            try:
                symbols = mandarin.chinese_to_ipa(text)
            except ValueError:
                continue
            out.write(f"{text}\t{symbols}\n")


if __name__ == "__main__":
    main()
