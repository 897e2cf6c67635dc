//! Texts cleaned by hand, settings one by one, hostile texts.

use super::*;

fn settings() -> Settings {
    Settings {
        form: Form::Nfc,
        keep_controls: vec!['\t'],
        line_ends: true,
        zero_width: true,
        bidi: true,
        private_use: true,
        max_newlines: None,
    }
}

fn cleaned(text: &str, settings: &Settings) -> (String, usize) {
    let mut out = String::from("left over");
    let edits = clean_one(text, settings, &mut out, &mut Changes::default());
    (out, edits)
}

#[test]
fn by_hand() {
    for (text, expected, edits) in [
        ("a\tb\nc", "a\tb\nc", 0),
        ("a\r\nb\rc\x0cd\u{2028}e\r\n", "a\nb\nc\nd\ne\n", 5),
        ("a\0b\x1b[0m\u{9b}\u{7f}", "ab[0m", 4),
        ("\u{feff}a\u{200b}\u{200d}\u{ad}", "a\u{200d}", 3),
        ("\u{202e}a\u{2069}\u{e000}\u{fffe}", "a", 4),
        ("e\u{200b}\u{301}", "é", 2),
        ("é\u{fffd}", "é\u{fffd}", 0),
        ("ﬁ\u{2126}", "ﬁΩ", 1),
        ("", "", 0),
    ] {
        assert_eq!(
            cleaned(text, &settings()),
            (expected.to_owned(), edits),
            "{text:?}"
        );
    }
}

#[test]
fn settings_leave_what_they_name() {
    let lenient = Settings {
        form: Form::None,
        keep_controls: vec!['\r', '\x0c'],
        line_ends: false,
        zero_width: false,
        bidi: false,
        private_use: false,
        max_newlines: None,
    };
    let text = "a\r\n\x0c\u{200b}\u{202e}\u{e000}e\u{301}\u{2028}";
    assert_eq!(cleaned(text, &lenient), (text.to_owned(), 0));
    let nfkc = Settings {
        form: Form::Nfkc,
        ..settings()
    };
    assert_eq!(cleaned("ﬁ", &nfkc), ("fi".to_owned(), 1));
}

#[test]
fn runs_of_line_feeds_are_shortened() {
    let two = Settings {
        max_newlines: Some(2),
        ..settings()
    };
    let text = "\n\n\na\n\nb\r\n\r\n\u{200b}\r\n\r\nc\n \n\n";
    assert_eq!(cleaned(text, &two).0, "\n\na\n\nb\n\nc\n \n\n");
    assert_eq!(
        cleaned("a\n\n\n\n\nb\n\n\nc", &two),
        ("a\n\nb\n\nc".to_owned(), 2)
    );
}

#[test]
fn a_form_of_a_million_marks_is_no_longer_than_they_are() {
    let marks = format!("a{}", "\u{301}\u{316}".repeat(1_000_000));
    assert!(cleaned(&marks, &settings()).0.len() <= marks.len());
}
