//! What the finders find, by hand, and how much they look at.

use arrow_array::{Array, StringArray};

use super::*;
use crate::steps::steps_of;

fn places(text: &str, kinds: &[&str], rules: &str) -> Vec<(String, String)> {
    let finders: Vec<_> = KINDS
        .iter()
        .enumerate()
        .filter(|(_, kind)| kinds.contains(kind))
        .map(|(i, kind)| (i as i8, finder(kind, rules).unwrap()))
        .collect();
    find_in(text, &finders)
        .into_iter()
        .map(|span| {
            (
                KINDS[span.kind as usize].to_owned(),
                text[span.place].to_owned(),
            )
        })
        .collect()
}

fn found(text: &str, kind: &str) -> Vec<String> {
    let places = places(text, &[kind], "checked");
    places.into_iter().map(|(_, value)| value).collect()
}

fn datatrove(text: &str, kind: &str) -> Vec<String> {
    let places = places(text, &[kind], "datatrove");
    places.into_iter().map(|(_, value)| value).collect()
}

const NONE: [&str; 0] = [];

#[test]
fn whole_addresses() {
    assert_eq!(
        found("Ask <jo.x+y@mail.acme.org>.", "email"),
        ["jo.x+y@mail.acme.org"]
    );
    assert_eq!(found("请写信给foo@acme.cn谢谢", "email"), ["foo@acme.cn"]);
    assert_eq!(
        found(
            "jürgen@müller.de, lodash@4.17.21, a@b, icon@2x.png",
            "email"
        ),
        ["jürgen@müller.de"]
    );
    assert_eq!(
        found("me@example.com a@x.test a@notexample.com", "email"),
        ["a@notexample.com"]
    );
    assert_eq!(
        found("a@b.co.uk@c.de ..x@y.com.2", "email"),
        ["a@b.co.uk", "x@y.com"]
    );
    assert_eq!(found(&format!("{}@b.de", "a".repeat(65)), "email"), NONE);
    assert_eq!(
        found(&format!("{}jo@acme.org", "-".repeat(70)), "email"),
        ["jo@acme.org"]
    );
    assert_eq!(
        found(&format!("{}-jo@acme.org", "a-".repeat(35)), "email"),
        NONE
    );
    assert_eq!(
        found(
            "jo@[IPv6:2606:4700::1111] jo@[8.8.8.8] jo@[10.0.0.1] jo@[IPv6:8.8.8.8] jo@[2606:4700::1111] jo@[x",
            "email"
        ),
        ["jo@[IPv6:2606:4700::1111]", "jo@[8.8.8.8]"]
    );
    assert_eq!(
        found(
            "https://h.de/p?a=1&mail=o'neil@b.de&c=https://u.de",
            "email"
        ),
        ["o'neil@b.de"]
    );
    assert_eq!(found("@b.de a@.de a@-b.de a@b-.de a.@b.de", "email"), NONE);
}

#[test]
fn addresses_of_datatrove() {
    assert_eq!(
        datatrove("lodash@4.17.21 me@example.com", "email"),
        ["lodash@4.17.21", "me@example.com"]
    );
    assert_eq!(
        datatrove("éa@b.de é-a@b.de -a@b.de", "email"),
        ["-a@b.de", "a@b.de"]
    );
    assert_eq!(
        datatrove("a@[1.2.3.4] a@[1.2.3.x-y:] a@[1.2.3.-]", "email"),
        ["a@[1.2.3.4]", "a@[1.2.3.x-y:]"]
    );
    assert_eq!(
        datatrove("a@b.c-.d a@b-.c a@b.c@d.e", "email"),
        ["a@b.c", "a@b.c"]
    );
    assert_eq!(
        datatrove("1.2.3.4567 999.8.8.8.8.8 v10.0.0.1.8.8.8.8", "ipv4"),
        ["1.2.3.45", "99.8.8.8", "8.8.8.8"]
    );
    assert_eq!(
        datatrove("08.8.8.8 1.2.3.4.5.6.7.8", "ipv4"),
        ["1.2.3.4", "5.6.7.8"]
    );
}

#[test]
fn public_addresses() {
    assert_eq!(
        found("8.8.8.8, 10.0.0.1 and 1.1.1.1:80.", "ipv4"),
        ["8.8.8.8", "1.1.1.1"]
    );
    let numbering = "version 1.2.3.4, @since 4.8.0.0\n 5.2.1.11 Title\n/// 5.2.1.9. -\n11.1.3.3.\u{a0}É 1:2.10.2.3 (x\u{a0}6.1.2.3)";
    assert_eq!(found(numbering, "ipv4"), ["5.2.1.9"]);
    assert_eq!(
        found(
            "at 1.15.1.1 or\n8.8.8.8 - - [10, version 1.2.3.32 88.1.1.0-88.1.1.9",
            "ipv4"
        ),
        ["1.15.1.1", "8.8.8.8", "1.2.3.32", "88.1.1.0", "88.1.1.9"]
    );
    assert_eq!(
        found(
            "1.2.3.4.5 v1.2.3.4 1.2.3.256 08.8.8.8 224.0.0.1 1.2.3.4-5",
            "ipv4"
        ),
        NONE
    );
    assert_eq!(
        found(
            "(2606:4700::1111) fe80::1 2001:db8::1 a::b 12:34:56 std::abs",
            "ipv6"
        ),
        ["2606:4700::1111"]
    );
    assert_eq!(
        found("6e40:4041:c617:e898:c11:40d2:c669:2eb4.", "ipv6"),
        ["6e40:4041:c617:e898:c11:40d2:c669:2eb4"]
    );
    assert_eq!(
        found(
            "from [IPv6:2606:4700::1111] [ipv6:2606:4700::] IPv6:2606:4700::1111 [IPv6:] [IPv6:.",
            "ipv6"
        ),
        ["2606:4700::1111", "2606:4700::"]
    );
    assert_eq!(
        found("00:11:22:33:44:55:66:77 2606:4700:: ", "ipv6"),
        ["2606:4700::"]
    );
}

#[test]
fn numbers_with_checks() {
    assert_eq!(
        found(
            "4454794511390933 4111 1111 1111 1111 4111-1111-1111-1112",
            "card"
        ),
        ["4454794511390933", "4111 1111 1111 1111"]
    );
    assert_eq!(found("3782 822463 10005", "card"), ["3782 822463 10005"]);
    assert_eq!(
        found(
            "GB56HXDO88167774656119 DE89 3704 0044 0532 0130 00 DE89370400440532013001",
            "iban"
        ),
        ["GB56HXDO88167774656119", "DE89 3704 0044 0532 0130 00"]
    );
    assert_eq!(
        found(
            "gb56hxdo88167774656119 de89 3704 0044 0532 0130 00 de89370400440532013000 Gb56hxdo88167774656119",
            "iban"
        ),
        [
            "gb56hxdo88167774656119",
            "de89 3704 0044 0532 0130 00",
            "de89370400440532013000"
        ]
    );
    // A hash that passes every check.
    assert_eq!(found("AD46AF00000000000000ABCD", "iban").len(), 0);
    assert_eq!(
        found(
            "460-89-9847 000-12-3456 666-12-3456 912-12-3456 1-460-89-9847",
            "ssn"
        ),
        ["460-89-9847"]
    );
}

#[test]
fn telephone_numbers() {
    let text = "+41 (0)96 471 07 95; 905-674-3793; (602)272-9781; 03.93.92.16.85; 345-899-3560x4587; 12.01.2003";
    assert_eq!(
        found(text, "phone"),
        [
            "+41 (0)96 471 07 95",
            "905-674-3793",
            "(602)272-9781",
            "03.93.92.16.85",
            "345-899-3560x4587"
        ]
    );
    assert_eq!(
        found("my phone: 9498777106, id 9498777106", "phone"),
        ["9498777106"]
    );
    let rows = "1.4142135624 17:15:03.000000000 MA 02110-1301 C++14 20.10.4.3 128 256 512 1024 Marcello, 1686-1739";
    assert_eq!(found(rows, "phone"), NONE);
    assert_eq!(found("202-555-0142 +1 202-555-0142", "phone"), NONE);
}

#[test]
fn secrets() {
    let pem = "x -----BEGIN RSA PRIVATE KEY-----\nMIIab\n-----END RSA PRIVATE KEY----- y";
    assert_eq!(found(pem, "key"), [&pem[2..pem.len() - 2]]);
    assert_eq!(
        found("-----BEGIN PRIVATE KEY-----\nMIIab\n-- no end", "key"),
        ["-----BEGIN PRIVATE KEY-----\nMIIab\n"]
    );
    assert_eq!(
        found(
            "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----",
            "key"
        ),
        NONE
    );
    let page = format!(
        "It begins with -----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----",
        "and goes on in words. ".repeat(40)
    );
    assert_eq!(
        found(&page, "key"),
        ["-----BEGIN RSA PRIVATE KEY-----\nand"]
    );
    let other = "-----BEGIN PRIVATE KEY-----\nMIIab\n-----END CERTIFICATE-----";
    assert_eq!(
        found(other, "key"),
        ["-----BEGIN PRIVATE KEY-----\nMIIab\n"]
    );
    let in_code = "k = \"-----BEGIN EC PRIVATE KEY-----\\nMII\\n\" +\n \"a/b=\\n-----END EC PRIVATE KEY-----\"";
    assert_eq!(found(in_code, "key"), [&in_code[5..in_code.len() - 1]]);
    let token = format!("ghp_{}", "a1".repeat(18));
    assert_eq!(
        found(&format!("t={token}; AKIA23456789012345XY"), "key"),
        [&token[..], "AKIA23456789012345XY"]
    );
    for token in [
        format!("gho_{}", "aBcDeFgHiJkL".repeat(3)),
        format!("ghs_{}", "abcdefghijkl".repeat(3)),
        format!("hf_{}q", "aBcDeFgHiJk".repeat(3)),
        format!("sk-ant-api03-{}", "abc-def_gh".repeat(9)),
        format!("sk-or-v1-{}", "0a".repeat(32)),
    ] {
        assert_eq!(found(&format!("k='{token}'"), "key"), [token]);
    }
    for word in [
        format!("ghp_{}", "x".repeat(36)),
        format!("hf_{}", "some_model_name_with_words_in_it_x"),
    ] {
        assert_eq!(found(&word, "key"), NONE);
    }
    assert_eq!(
        found("sk-learn-something-very-long-name-of-a-class-1", "key"),
        NONE
    );
}

#[test]
fn the_earlier_kind_wins() {
    assert_eq!(
        places("a@8.8.8.8 9.9.9.9", &["ipv4", "email"], "datatrove"),
        [
            ("email".into(), "a@8.8.8.8".into()),
            ("ipv4".into(), "9.9.9.9".into())
        ]
    );
}

#[test]
fn replacements_depend_on_document_and_value_alone() {
    let texts: ArrayRef = Arc::new(StringArray::from(vec![
        Some("é a@b.de, c@d.de; a@b.de"),
        None,
        Some("none"),
        Some("a@b.de"),
    ]));
    let ids: ArrayRef = Arc::new(StringArray::from(vec![Some("1"), None, Some("2"), None]));
    let spans = find(&texts, &["email".into()], "checked").unwrap();
    let mut choices = vec![vec![]; KINDS.len()];
    assert!(
        replace(&texts, &ids, &spans, &choices)
            .unwrap_err()
            .contains("kind 1")
    );
    choices[1] = (0..100).map(|i| format!("<{i}>")).collect();
    let (edited, lengths) = replace(&texts, &ids, &spans, &choices).unwrap();
    let edited = edited.as_string::<i32>();
    let words: Vec<_> = edited
        .value(0)
        .split([' ', ',', ';'])
        .filter(|w| w.len() > 2)
        .collect();
    assert_eq!((words[0], words.len()), (words[2], 3));
    assert!(edited.is_null(1) && edited.is_null(2) && edited.value(3) != words[0]);
    assert_eq!(lengths.len(), 4);
}

#[test]
fn spans_that_do_not_fit_are_refused() {
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["é a@b.de"]));
    let other: ArrayRef = Arc::new(StringArray::from(vec!["éé"]));
    let spans = find(&texts, &["email".into()], "checked").unwrap();
    let choices = vec![vec!["x".to_owned()]; KINDS.len()];
    assert!(
        replace(&other, &other, &spans, &choices)
            .unwrap_err()
            .contains("span 3..9 of row 0")
    );
    let none: ArrayRef = Arc::new(StringArray::from(Vec::<&str>::new()));
    assert!(
        replace(&none, &none, &spans, &choices)
            .unwrap_err()
            .contains("1 spans")
    );
    assert!(
        find(&texts, &["mail".into()], "checked")
            .unwrap_err()
            .contains("\"mail\"")
    );
    assert!(
        find(&texts, &["email".into()], "loose")
            .unwrap_err()
            .contains("\"loose\"")
    );
}

/// Whatever a text is made of, each kind's finder takes at most so many steps for a byte.
#[test]
fn work_grows_like_the_text() {
    const SIZE: usize = 200_000;
    const MOST: usize = 60;
    let pem = "-----BEGIN PRIVATE KEY-----";
    let pieces = [
        "a@",
        "a.",
        "1",
        "1.",
        "1.1.1.1.",
        "1:",
        "a:",
        ":",
        "-",
        ".",
        "@",
        "1-",
        "1 ",
        "0",
        "(",
        "+1",
        "é",
        "a",
        "A1",
        "aé@b.",
        "x@y.",
        "x@y-",
        "4111 ",
        "DE89 ",
        "ghp_",
        "-----END ",
        pem,
        "555-",
    ];
    for piece in pieces {
        for (begin, end) in [("", ""), ("a", "@b.de"), ("@", "@")] {
            let text = format!("{begin}{}{end}", piece.repeat(SIZE / piece.len()));
            for rules in RULES {
                let steps = steps_of(|| drop(places(&text, &KINDS, rules)));
                assert!(steps <= MOST * SIZE, "{piece:?} {rules}: {steps}");
            }
        }
    }
}
