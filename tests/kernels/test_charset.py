"""Charsets: the kernel against its twin, labels against another table of them, detection on texts of known encoding."""

from __future__ import annotations

import codecs
import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from resiliparse.parse.encoding import map_encoding_to_html5

from spark_llmdata.kernels import charset
from spark_llmdata.kernels.reference_charset import LABELS, choose, decode_utf8

labels = st.sampled_from([*LABELS, "UTF-8", " Latin1 ", "nonsense", ""])
quotes = st.sampled_from(["{}", '"{}"', "'{}'", " = '{}'", '"{}', " "])
values = st.builds(lambda quote, label: quote.format(label), quotes, labels)
PIECES = [
    "<meta ",
    "<META/",
    "charset=",
    "charset",
    "http-equiv=content-type ",
    'http-equiv="Content-Type" ',
    "http-equiv=refresh ",
    "content='text/html; charset=koi8-r' ",
    'content="text/html;charset = utf-16"',
    "content=",
    ">",
    "/>",
    " ",
    "<!--",
    "-->",
    "--",
    "<!",
    "<?xml version='1.0' encoding=",
    "?>",
    "</p ",
    "<p title='",
    "'",
    '"',
    "=",
    "é",
    "\x1b$B",
]
heads = st.lists(st.sampled_from(PIECES) | values, max_size=14).map("".join)
headers = st.none() | st.builds("text/html{}charset{}{}".format, st.sampled_from([";", "; ", ""]), st.just("="), values)


def decode(data: bytes, content_type: str | None = None) -> dict[str, object]:
    found = charset.decode(pa.array([data], pa.binary()), pa.array([content_type], pa.string()))
    return found.to_pylist()[0]


@given(heads, headers)
def test_chooses_as_its_twin(head, header):
    found = decode(head.encode(), header)
    expected = choose(head.encode(), header)
    if expected is None:
        assert found["source"] in ("detected", "utf8")
    else:
        assert (found["charset"], found["source"]) == expected


@given(st.binary(max_size=40) | st.lists(st.sampled_from([b"\xc3", b"\xe2\x82", b"\xac", b"a", b"\xff"])).map(b"".join))
def test_malformed_utf8_is_replaced_and_counted(data):
    found = decode(b"." + data, "text/html; charset=utf-8")  # no byte order mark
    assert (found["text"], found["replacements"]) == decode_utf8(b"." + data)


@given(st.text(min_size=1), st.sampled_from(["utf-16-le", "utf-16-be"]))
def test_utf16_by_its_mark(text, codec):
    found = decode(("\ufeff" + text).encode(codec, "replace"), "text/html; charset=utf-8")
    assert (found["text"], found["source"], found["replacements"]) == (
        text.encode(codec, "replace").decode(codec),
        "bom",
        0,
    )


def test_labels_are_those_of_the_standard():
    """Against the table of another library, which gives Python's names."""
    asked = (
        "unicode-1-1-utf-8 x-unicode20utf8 l1 iso_8859-1:1987 cp1252 csisolatin2 latin5 iso-8859-9 csibm866 866 koi "
        "koi8-ru macintosh gb_2312-80 x-gbk gb18030 cn-big5 x-x-big5 x-euc-jp csshiftjis ms_kanji windows-31j "
        "ks_c_5601-1987 korean csiso2022jp utf-16 unicodefffe ucs-2"
    ).split()
    for label in asked:
        found = decode(b"x", f"text/html; charset={label}")
        other = map_encoding_to_html5(label, fallback_utf8=False)
        assert found["source"] == "http"
        assert codecs.lookup(str(found["charset"])).name == codecs.lookup(other).name, label
    assert decode(b"x", "text/html; charset=tis-620")["charset"] == "windows-874"


def test_nulls_and_larger_batches():
    data = pa.array([None, b"a", "é".encode(), b""], pa.binary())
    headers = pa.array(["x", None, "text/html; charset=latin1", None])
    whole = charset.decode(data, headers)
    assert whole.to_pylist()[0] == dict.fromkeys(["text", "charset", "source", "replacements", "misdeclared"])
    assert whole.column("misdeclared").to_pylist() == [None, False, True, False]
    assert whole.slice(1).equals(charset.decode(data[1:], headers[1:]))
    assert charset.decode(data.cast(pa.large_binary()), headers).column("text").equals(whole.column("text"))


def test_errors_name_what_is_wrong():
    with pytest.raises(ValueError, match="pages are Utf8; expected binary"):
        charset.decode(pa.array(["a"]), pa.array(["a"]))
    with pytest.raises(ValueError, match="1 pages and 2 content types"):
        charset.decode(pa.array([b"a"]), pa.array(["a", "b"]))


#: Sentences of our own, with encodings that pages in these languages were written in.
SENTENCES = {
    "windows-1251": "Кошки спят на солнце, а вечером они гуляют по крышам и слушают, как шумит старый город.",
    "koi8-r": "Кошки спят на солнце, а вечером они гуляют по крышам и слушают, как шумит старый город.",
    "iso-8859-2": "Zażółć gęślą jaźń; koty śpią w słońcu, a wieczorem chodzą po dachach i słuchają miasta.",
    "windows-1250": "Příliš žluťoučký kůň úpěl ďábelské ódy, kočky spí na slunci a večer chodí po střechách.",
    "windows-1252": "Les chats dorment au soleil ; le soir, ils se promènent sur les toits près de l’église.",
    "windows-1253": "Οι γάτες κοιμούνται στον ήλιο και το βράδυ περπατούν στις στέγες της παλιάς πόλης.",
    "windows-1254": "Kediler güneşte uyur, akşamları ise çatılarda dolaşır ve eski şehrin sesini dinler, ışık ağır.",
    "windows-1255": "חתולים ישנים בשמש, ובערב הם מטיילים על הגגות ומקשיבים לעיר העתיקה.",
    "windows-1256": "تنام القطط في الشمس، وفي المساء تتجول على أسطح المنازل وتستمع إلى المدينة القديمة.",
    "windows-874": "แมวนอนกลางแดด และในตอนเย็นพวกมันเดินบนหลังคาและฟังเสียงเมืองเก่า",
    "shift_jis": "猫は日なたで眠り、夕方になると屋根の上を歩いて、古い町の音を聞いています。",
    "euc-jp": "猫は日なたで眠り、夕方になると屋根の上を歩いて、古い町の音を聞いています。",
    "iso-2022-jp": "猫は日なたで眠り、夕方になると屋根の上を歩いて、古い町の音を聞いています。",
    "euc-kr": "고양이는 햇볕에서 자고 저녁에는 지붕 위를 걸으며 오래된 도시의 소리를 듣습니다.",
    "gbk": "猫在阳光下睡觉，傍晚时在屋顶上散步，听着老城的声音。",
    "big5": "貓在陽光下睡覺，傍晚時在屋頂上散步，聽著老城的聲音。",
}


@pytest.mark.parametrize("name", SENTENCES)
def test_detects_what_no_page_declares(name):
    text = SENTENCES[name]
    codec = {"windows-874": "cp874", "windows-1255": "cp1255", "gbk": "gbk"}.get(name, name)
    page = f"<html><body><p>{text}</p><p>{text}</p></body></html>"
    found = decode(page.encode(codec))
    assert (found["text"], found["source"], found["replacements"]) == (page, "detected", 0)


def test_samples_of_another_project(shared_data):
    folder = shared_data / "01_warc/cchardet-encodings/samples"
    expected = {"SJIS": "shift_jis", "GB2312": "gbk"}
    found = {}
    for sample in sorted(folder.iterdir()):
        found[sample.name] = decode(sample.read_bytes())
    for name, said in found.items():
        for part, encoding in expected.items():
            if part in name:
                assert (said["charset"], said["replacements"]) == (encoding, 0), json.dumps(name)
    assert len(found) == 6
