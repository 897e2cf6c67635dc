//! Lines and what becomes of them, by example and by property.
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use proptest::prelude::*;
use xxhash_rust::xxh3::xxh3_128;

use super::*;

const LIMITS: Limits = Limits {
    record_bytes: 1 << 20,
    rows: 1000,
    bytes: 1 << 20,
};

fn mapped(pairs: &[(&str, &str)]) -> Columns {
    let owned: Vec<_> = pairs
        .iter()
        .map(|&(name, key)| (name.to_owned(), key.to_owned()))
        .collect();
    Columns::new(&owned).unwrap()
}

fn parsed(data: &[u8], pairs: &[(&str, &str)]) -> RecordBatch {
    let (batch, next) = parse_lines(data, 0, 0, &mapped(pairs), "web", &LIMITS).unwrap();
    assert_eq!(next, data.len());
    batch
}

fn text<'a>(batch: &'a RecordBatch, column: &str, row: usize) -> Option<&'a str> {
    let array = batch.column_by_name(column).unwrap().as_string::<i32>();
    array.is_valid(row).then(|| array.value(row))
}

fn bytes<'a>(batch: &'a RecordBatch, column: &str, row: usize) -> Option<&'a [u8]> {
    let array = batch.column_by_name(column).unwrap().as_binary::<i32>();
    array.is_valid(row).then(|| array.value(row))
}

fn meta(batch: &RecordBatch, row: usize) -> Option<Vec<(String, String)>> {
    let array = batch.column_by_name("meta").unwrap().as_map();
    array.is_valid(row).then(|| {
        let entries = array.value(row);
        let (keys, values) = (
            entries.column(0).as_string::<i32>(),
            entries.column(1).as_string::<i32>(),
        );
        (0..entries.len())
            .map(|i| (keys.value(i).to_owned(), values.value(i).to_owned()))
            .collect()
    })
}

fn pairs(entries: &[(&str, &str)]) -> Option<Vec<(String, String)>> {
    Some(
        entries
            .iter()
            .map(|&(key, value)| (key.to_owned(), value.to_owned()))
            .collect(),
    )
}

fn date(batch: &RecordBatch, row: usize) -> Option<i64> {
    let array = batch
        .column_by_name("date")
        .unwrap()
        .as_primitive::<TimestampMicrosecondType>();
    array.is_valid(row).then(|| array.value(row))
}

fn offsets(batch: &RecordBatch) -> Vec<i64> {
    batch
        .column_by_name("offset")
        .unwrap()
        .as_primitive::<Int64Type>()
        .values()
        .to_vec()
}

/// The one record's defect and evidence.
fn defect(line: &[u8]) -> (String, String) {
    let batch = parsed(line, &[]);
    assert_eq!(batch.num_rows(), 1);
    assert!(
        batch
            .column_by_name("rejected")
            .unwrap()
            .as_boolean()
            .value(0)
    );
    assert_eq!(bytes(&batch, "payload", 0), Some(line));
    assert_eq!(text(&batch, "text", 0), None);
    assert_eq!(meta(&batch, 0), None);
    let said = |column| text(&batch, column, 0).unwrap().to_owned();
    (said("defect"), said("evidence"))
}

#[test]
fn fills_the_columns_and_meta() {
    let line = r#" {"url":"u","tags":[1, "a b" ,{"x" : null}],"text":"a\u0000\n\"é\ud83d\ude00","n":1.50,"id":-7e0,"none":null,
        "flag":true,"s":"v\/w","date":"1970-01-02","lang":"en","source":"books","html":"<p>"}"#
        .replace('\n', " ");
    let batch = parsed(line.as_bytes(), &[]);
    assert_eq!(text(&batch, "id", 0), Some("-7e0"));
    assert_eq!(text(&batch, "url", 0), Some("u"));
    assert_eq!(text(&batch, "text", 0), Some("a\0\n\"é😀"));
    assert_eq!(text(&batch, "lang", 0), Some("en"));
    assert_eq!(text(&batch, "source", 0), Some("books"));
    assert_eq!(date(&batch, 0), Some(86_400_000_000));
    assert_eq!(bytes(&batch, "html", 0), None);
    let expected = [
        ("flag", "true"),
        ("html", "<p>"),
        ("n", "1.50"),
        ("s", "v/w"),
        ("tags", r#"[1,"a b",{"x":null}]"#),
    ];
    assert_eq!(meta(&batch, 0), pairs(&expected));
    assert_eq!(text(&batch, "defect", 0), None);
    assert_eq!(bytes(&batch, "payload", 0), None);
    let hashes = batch
        .column_by_name("raw_hash")
        .unwrap()
        .as_fixed_size_binary();
    assert_eq!(hashes.value(0), xxh3_128(line.as_bytes()).to_be_bytes());
}

#[test]
fn finds_lines_and_their_offsets() {
    let data = b"{}\r\n \t\r\n\n{\"text\":\"x\"}\n\x0b\x0c\n{}\r";
    let (batch, next) = parse_lines(data, 0, 100, &mapped(&[]), "web", &LIMITS).unwrap();
    assert_eq!(next, data.len());
    assert_eq!(offsets(&batch), [100, 109, 125]);
    let hashes = batch
        .column_by_name("raw_hash")
        .unwrap()
        .as_fixed_size_binary();
    assert_eq!(hashes.value(0), xxh3_128(b"{}").to_be_bytes());
    assert_eq!(hashes.value(2), xxh3_128(b"{}\r").to_be_bytes());
    assert_eq!(text(&batch, "defect", 2), None);
    assert_eq!(text(&batch, "source", 0), Some("web"));
    assert_eq!(meta(&batch, 0), pairs(&[]));
}

#[test]
fn stops_at_its_limits_and_goes_on() {
    let data = b"{}\n{}\n\n{}\n{}";
    for (rows, bytes, wanted) in [
        (2, 100, vec![6, 12]),
        (100, 1, vec![3, 6, 7, 10, 12]),
        (100, 4, vec![6, 10, 12]),
    ] {
        let limits = Limits {
            record_bytes: 10,
            rows,
            bytes,
        };
        let mut seen = vec![];
        let mut start = 0;
        let mut count = 0;
        while start < data.len() {
            let (batch, next) = parse_lines(data, start, 0, &mapped(&[]), "web", &limits).unwrap();
            assert!(next > start);
            count += batch.num_rows();
            start = next;
            seen.push(next);
        }
        assert_eq!(count, 4);
        assert_eq!(seen, wanted);
    }
    assert!(parse_lines(data, data.len() + 1, 0, &mapped(&[]), "web", &LIMITS).is_err());
}

#[test]
fn the_last_of_equal_keys_wins() {
    let batch = parsed(br#"{"text":[1],"id":1,"a":"x","id":2,"text":"y","b":"z","a":3,"b":null,"id":null,"url":"u","url":null}"#, &[]);
    assert_eq!(text(&batch, "text", 0), Some("y"));
    assert_eq!(text(&batch, "id", 0), None);
    assert_eq!(text(&batch, "url", 0), None);
    assert_eq!(meta(&batch, 0), pairs(&[("a", "3")]));
    assert_eq!(defect(br#"{"text":"y","text":[1]}"#).0, "bad_field");
}

#[test]
fn keeps_a_date_it_cannot_read() {
    let data = br#"{"when":"soon"}
{"when":1700000000}
{"when":["2024-01-01" , 1]}
{"when":null}
{"when":"2024-01-01T00:00:00Z","date":"plain"}"#;
    let batch = parsed(data, &[("date", "when")]);
    let kept = ["soon", "1700000000", r#"["2024-01-01",1]"#];
    for (row, literal) in kept.iter().enumerate() {
        assert_eq!(meta(&batch, row), pairs(&[("when", literal)]));
        assert_eq!(date(&batch, row), None);
    }
    assert_eq!((date(&batch, 3), meta(&batch, 3)), (None, pairs(&[])));
    assert_eq!(
        (date(&batch, 4), meta(&batch, 4)),
        (Some(1_704_067_200_000_000), pairs(&[("date", "plain")]))
    );
}

#[test]
fn columns_take_the_keys_they_are_given() {
    let line = br#"{"id":"i","url":"u","text":"t","source":""}"#;
    let batch = parsed(line, &[("id", "url"), ("html", "text")]);
    assert_eq!(
        (text(&batch, "id", 0), text(&batch, "url", 0)),
        (Some("u"), Some("u"))
    );
    assert_eq!(
        (text(&batch, "text", 0), bytes(&batch, "html", 0)),
        (None, Some(&b"t"[..]))
    );
    assert_eq!(text(&batch, "source", 0), Some("web"));
    assert_eq!(meta(&batch, 0), pairs(&[("id", "i")]));
    let both = parsed(line, &[("text", "text"), ("html", "text")]);
    assert_eq!(
        (text(&both, "text", 0), bytes(&both, "html", 0)),
        (Some("t"), Some(&b"t"[..]))
    );
    let unknown = Columns::new(&[("body".to_owned(), "x".to_owned())])
        .err()
        .unwrap();
    assert!(
        unknown.contains("`body`") && unknown.contains("html"),
        "{unknown}"
    );
}

#[test]
fn refuses_fields_of_wrong_types() {
    for (line, field, found, expected) in [
        (r#"{"id":true}"#, "id", "boolean", "string or number"),
        (r#"{"id":[1]}"#, "id", "array", "string or number"),
        (r#"{"url":1}"#, "url", "number", "string or null"),
        (r#"{"text":-1}"#, "text", "number", "string or null"),
        (r#"{"text":1.5}"#, "text", "number", "string or null"),
        (r#"{"text":false}"#, "text", "boolean", "string or null"),
        (r#"{"text":{"a":[{}]}}"#, "text", "object", "string or null"),
        (r#"{"lang":["en"]}"#, "lang", "array", "string or null"),
        (r#"{"source":0}"#, "source", "number", "string or null"),
    ] {
        let (name, evidence) = defect(line.as_bytes());
        assert_eq!(name, "bad_field", "{line}");
        let said: serde_json::Value = serde_json::from_str(&evidence).unwrap();
        assert_eq!(
            said,
            serde_json::json!({"field": field, "key": field, "found": found, "expected": expected})
        );
    }
    let batch = parsed(br#"{"id":7,"url":"u","text":5,"source":"books"}"#, &[]);
    assert_eq!(
        (text(&batch, "id", 0), text(&batch, "url", 0)),
        (Some("7"), Some("u"))
    );
    assert_eq!(text(&batch, "source", 0), Some("books"));
}

#[test]
fn refuses_what_is_no_json_object() {
    for (line, column, hint) in [
        (&b"[1]"[..], 1, "found '[', expected a JSON object"),
        (b"  \"x\"", 3, "found '\"', expected a JSON object"),
        (b"\xef\xbb\xbf{}", 1, "expected a JSON object"),
        (
            b"{\"text\":\"a\xff\"}",
            11,
            "invalid UTF-8, expected text in UTF-8",
        ),
        (b"{\"text\":\"a", 10, "expected the rest of a JSON object"),
        (b"{\"text\" \"a\"}", 9, "expected `:`"),
        (b"{\"text\":\"a\",}", 13, "expected"),
        (b"{} {}", 4, "one well-formed JSON object"),
        (b"{\"a\":NaN}", 6, "expected"),
        (b"{\"text\":\"\\ud800\"}", 16, "expected"),
        (b"{\"a\":\"\\ud800\"}", 14, "both halves"),
        (b"{\"a\":[\"\\udc00\"]}", 16, "half a surrogate pair"),
        (b"{\"a\":[\"\\ud800\\ud800\"]}", 22, "half a surrogate pair"),
        (b"{\"\\ud800\":1}", 9, "expected"),
        (b"{\"text\":\"a\tb\"}", 11, "expected"),
    ] {
        let (name, evidence) = defect(line);
        let shown = String::from_utf8_lossy(line);
        assert_eq!(name, "bad_json", "{shown}");
        let said: serde_json::Value = serde_json::from_str(&evidence).unwrap();
        let error = said["error"].as_str().unwrap();
        assert!(
            error.contains(hint) && error.starts_with(&format!("column {column}: ")),
            "{shown}: {error}"
        );
        assert!(error.len() < 200, "{error}");
    }
    let sound = parsed(b"{\"a\":[\"\\\\ud800\\ud83d\\ude00\"]}", &[]);
    assert_eq!(
        meta(&sound, 0),
        pairs(&[("a", "[\"\\\\ud800\\ud83d\\ude00\"]")])
    );
}

#[test]
fn bounds_depth_without_recursion() {
    let nested = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(
        text(&parsed(nested(127).as_bytes(), &[]), "defect", 0),
        None
    );
    let (name, evidence) = defect(nested(128).as_bytes());
    assert!(
        name == "bad_json" && evidence.contains("128 levels"),
        "{evidence}"
    );
    let deep = nested(300_000).replace("\"a\"", "\"text\"");
    assert_eq!(
        text(&parsed(deep.as_bytes(), &[]), "defect", 0),
        Some("bad_field")
    );
    let open = format!("{{\"a\":{}", "[{\"a\":".repeat(100_000));
    assert_eq!(
        text(&parsed(open.as_bytes(), &[]), "defect", 0),
        Some("bad_json")
    );
}

#[test]
fn refuses_records_above_the_limit() {
    let line = format!("{{\"text\":\"{}\"}}", "x".repeat(70_000));
    for (limit, end, fits) in [(line.len(), "\r\n", true), (line.len() - 1, "\n", false)] {
        let limits = Limits {
            record_bytes: limit,
            ..LIMITS
        };
        let data = format!("{line}{end}");
        let (batch, _) = parse_lines(data.as_bytes(), 0, 0, &mapped(&[]), "web", &limits).unwrap();
        assert_eq!(text(&batch, "defect", 0), (!fits).then_some("too_large"));
        if !fits {
            assert_eq!(
                bytes(&batch, "payload", 0),
                Some(&line.as_bytes()[..PAYLOAD_BYTES])
            );
            assert_eq!(
                text(&batch, "evidence", 0),
                Some(&*format!("{{\"bytes\":{},\"limit\":{limit}}}", line.len()))
            );
        }
    }
}

proptest! {
    #[test]
    fn a_long_line_is_the_same_in_any_pieces(
        line in prop::collection::vec(prop_oneof![Just(b'\r'), Just(b' '), any::<u8>()], 0..60),
        cuts in prop::collection::vec(0usize..60, 0..8),
        ended: bool,
    ) {
        let mut places: Vec<_> = cuts.into_iter().map(|cut| cut.min(line.len())).chain([0, line.len()]).collect();
        places.sort_unstable();
        let mut long = LongLine::default();
        places.windows(2).for_each(|pair| long.update(&line[pair[0]..pair[1]]));
        let facts = long.finish(ended);
        let record = if ended { line.strip_suffix(b"\r").unwrap_or(&line) } else { &line[..] };
        prop_assert_eq!(facts.bytes, record.len() as u64);
        prop_assert_eq!(&facts.head[..], record);
        prop_assert_eq!(facts.blank, record.iter().all(|&byte| is_blank(byte)));
        prop_assert_eq!(facts.hash, xxh3_128(record).to_be_bytes());
    }

    #[test]
    fn any_bytes_give_one_row_a_line(data in prop::collection::vec(prop_oneof![
        Just(b'{'), Just(b'}'), Just(b'"'), Just(b'\\'), Just(b'u'), Just(b'd'), Just(b'8'), Just(b'\n'), any::<u8>()
    ], 0..200)) {
        let batch = parsed(&data, &[("id", "")]);
        let lines = data.split(|&byte| byte == b'\n').filter(|line| !line.iter().all(|&byte| is_blank(byte)));
        prop_assert_eq!(batch.num_rows(), lines.count());
    }

    #[test]
    fn compact_text_means_the_same(depth in 0usize..20, words in prop::collection::vec("[ a\"\\\\\t\n\u{1}é]{0,6}", 1..8)) {
        let mut value = serde_json::json!(words);
        for _ in 0..depth {
            value = serde_json::json!({ "k ": [value, null, -1.5e3, true] });
        }
        let wide = serde_json::to_string_pretty(&value).unwrap().replace('\n', " \r");
        let line = format!("{{\"a\" : {wide} }}");
        let batch = parsed(line.as_bytes(), &[]);
        prop_assert_eq!(meta(&batch, 0), pairs(&[("a", &serde_json::to_string(&value).unwrap())]));
    }
}

#[test]
fn a_long_line_keeps_only_its_beginning() {
    let mut long = LongLine::default();
    for _ in 0..10 {
        long.update(&[b'x'; 40_000]);
    }
    let facts = long.finish(true);
    assert_eq!((facts.bytes, facts.head.len()), (400_000, PAYLOAD_BYTES));
    assert_eq!(facts.hash, xxh3_128(&[b'x'; 400_000]).to_be_bytes());
}
