//! Bytes as a page behind a header: a byte says how long the header is, what follows it is the page.
#![no_main]

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int8Type, Int64Type};
use arrow_array::{ArrayRef, BinaryArray, StringArray};
use encoding_rs::Encoding;
use libfuzzer_sys::fuzz_target;
use llmdata_kernels::charset::{Page, SOURCES, decode, decode_all};

const PRESCAN_BYTES: usize = 1024;

fuzz_target!(|data: &[u8]| {
    let (&length, rest) = data.split_first().unwrap_or((&0, &[]));
    let (header, page) = rest.split_at(usize::from(length).min(rest.len()));
    let header = String::from_utf8_lossy(header);
    let header = (length > 0).then_some(header.as_ref());
    let found = decode(page, header);
    check(page, &found);
    if found.source == "meta" {
        let cut = decode(&page[..page.len().min(PRESCAN_BYTES)], header);
        assert_eq!((&cut.charset, cut.source), (&found.charset, found.source));
    }
    assert_eq!(through_columns(page, header), found);
});

/// Compares with the library's own replacement, and what is told of it with what is there.
fn check(page: &[u8], found: &Page) {
    assert!(SOURCES.contains(&found.source), "{found:?}");
    let encoding = Encoding::for_label_no_replacement(found.charset.as_bytes());
    let encoding = encoding.unwrap_or(encoding_rs::REPLACEMENT);
    assert_eq!(encoding.name().to_ascii_lowercase(), found.charset);
    let marked = Encoding::for_bom(page);
    assert_eq!(marked.is_some(), found.source == "bom");
    let content = &page[marked.map_or(0, |(_, length)| length)..];
    let (text, is_malformed) = encoding.decode_without_bom_handling(content);
    assert_eq!(text, found.text);
    assert_eq!(is_malformed, found.replacements > 0);
    assert!(found.replacements <= found.text.matches('\u{fffd}').count());
    assert!(!found.misdeclared || std::str::from_utf8(page).is_ok());
}

fn through_columns(page: &[u8], header: Option<&str>) -> Page {
    let pages: ArrayRef = Arc::new(BinaryArray::from_vec(vec![page]));
    let headers: ArrayRef = Arc::new(StringArray::from(vec![header]));
    let table = decode_all(&pages, &headers).unwrap();
    let column = |name: &str| table.column_by_name(name).unwrap();
    let word = |name: &str| {
        let words = column(name).as_dictionary::<Int8Type>();
        words.values().as_string::<i32>().value(0).to_owned()
    };
    let source = word("source");
    Page {
        text: column("text").as_string::<i64>().value(0).to_owned(),
        charset: word("charset"),
        source: SOURCES.into_iter().find(|&known| known == source).unwrap(),
        replacements: column("replacements").as_primitive::<Int64Type>().value(0) as usize,
        misdeclared: column("misdeclared").as_boolean().value(0),
    }
}
