//! The host an address names, and the domain that is registered with a registry.

use std::net::Ipv6Addr;

use psl::{List, Psl, Type};
use url::Host;

use crate::urls::read;

/// The longest name of the domain name system, in bytes.
const MAX_HOST: usize = 253;

/// Beyond so many bytes nothing is read as a host: bringing a name to IDNA takes more than linear time.
const MAX_AUTHORITY: usize = 4096;

/// Writes the host that `url` names, in lower case and without a dot at its end; false where it names none.
///
/// An address that begins with `http://` or `https://` is read as browsers do. Of anything else the host is what stands
/// before a port, path, query or fragment, behind a scheme or `//` and a user, if it has a dot in it. What is longer than
/// any name can be names no host.
pub fn write_host(url: &str, host: &mut String) -> bool {
    host.clear();
    if let Some(plain) = plain_host(url).filter(|plain| plain.len() <= MAX_HOST) {
        host.push_str(plain);
        host.make_ascii_lowercase();
        return true;
    }
    if authority_length(url) > MAX_AUTHORITY {
        return false;
    }
    match read(url) {
        Some(url) => host.push_str(url.host_str().unwrap_or_default()),
        None => write_name(loose_host(url), host),
    }
    host.truncate(host.trim_end_matches('.').len());
    if host.len() > MAX_HOST {
        host.clear();
    }
    !host.is_empty()
}

/// How many bytes stand where user, host and port would.
fn authority_length(url: &str) -> usize {
    let rest = url.split_once("//").map_or(url, |(_, rest)| rest);
    rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len())
}

/// A name as `write_host` writes it: lower case, IDNA, nothing but what names a host.
pub fn write_name(name: &str, host: &mut String) {
    if name.is_ascii() {
        host.extend(name.chars().map(|c| c.to_ascii_lowercase()));
        return;
    }
    match Host::parse(name) {
        Ok(parsed) => host.push_str(&parsed.to_string()),
        Err(_) => host.push_str(&name.to_lowercase()),
    }
}

/// An entry of a list as a name: without a scheme, and without `*.`, dots and a slash around it.
///
/// An error says why no host can be meant. `[::1]` and `::1` are one address.
pub fn read_name(entry: &str) -> Result<String, &'static str> {
    let rest = match entry.split_once("//") {
        Some(("", rest)) => rest,
        Some((scheme, rest)) if is_scheme(scheme) => rest,
        _ => entry,
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let name = rest.trim_start_matches("*.").trim_matches('.');
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse::<Ipv6Addr>() {
        return Ok(Host::<&str>::Ipv6(address).to_string());
    }
    if name.is_empty() {
        return Err("it names no host");
    }
    if name.contains(['/', '?', '#', '\\']) {
        return Err("it has a path; whole addresses belong into `urls`");
    }
    if name.contains(':') {
        return Err("it has a port, and hosts are compared without one; take it out");
    }
    if name.contains(char::is_whitespace) {
        return Err("it has white space in it; expected one host a line");
    }
    let wrong = |c: char| c.is_ascii() && !c.is_ascii_alphanumeric() && !"-._".contains(c);
    if name.contains(wrong) {
        return Err("no host has such characters; expected letters, digits, hyphens and dots");
    }
    let mut host = String::new();
    write_name(name, &mut host);
    Ok(host)
}

/// The host of most addresses, as it is written: one that a browser would only put into lower case.
fn plain_host(url: &str) -> Option<&str> {
    let rest = behind_scheme(url)?;
    let bytes = rest.as_bytes();
    let is_plain = |b: &u8| b.is_ascii_alphanumeric() || b"-._".contains(b);
    let end = bytes.iter().take_while(|b| is_plain(b)).count();
    let mut behind = &bytes[end..];
    if let [b':', port @ ..] = behind {
        // Five digits may be no port.
        let digits = port.iter().take_while(|b| b.is_ascii_digit()).count();
        behind = (digits < 5).then_some(&port[digits..])?;
    }
    let host = &rest[..end];
    // Beside a name that IDNA has to look at: a number, which may be an IPv4 address in another spelling.
    let last = host.rsplit('.').next().unwrap_or_default();
    let ends = matches!(behind, [] | [b'/' | b'?' | b'#', ..]);
    let named = last.as_bytes().first().is_some_and(u8::is_ascii_alphabetic);
    (ends && named && !has_punycode(host)).then_some(host)
}

fn has_punycode(host: &str) -> bool {
    host.split('.').any(|label| {
        label
            .as_bytes()
            .get(..4)
            .is_some_and(|begin| begin.eq_ignore_ascii_case(b"xn--"))
    })
}

fn behind_scheme(url: &str) -> Option<&str> {
    ["http://", "https://"].iter().find_map(|scheme| {
        let begin = url.as_bytes().get(..scheme.len())?;
        begin
            .eq_ignore_ascii_case(scheme.as_bytes())
            .then(|| &url[scheme.len()..])
    })
}

/// What stands where a host would, empty if it has no dot.
fn loose_host(url: &str) -> &str {
    let rest = match url.split_once("//") {
        Some(("", rest)) => rest,
        Some((scheme, rest)) if is_scheme(scheme) => rest,
        _ => url,
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let name = authority.rsplit('@').next().unwrap_or_default();
    let name = name.split(':').next().unwrap_or_default().trim();
    let names_a_host = name.contains('.') && !name.contains(char::is_whitespace);
    if names_a_host { name } else { "" }
}

fn is_scheme(begin: &str) -> bool {
    begin.strip_suffix(':').is_some_and(|scheme| {
        !scheme.is_empty()
            && scheme
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    })
}

/// The domain below which `host` lies and that a registry gave away: `bbc.co.uk` of `forums.bbc.co.uk`.
///
/// None for an IP address, for what ends in no known suffix, and for a suffix itself. Suffixes that are no registry's
/// but a company's (`github.io`) count as domains.
pub fn registered(host: &str) -> Option<&str> {
    if !has_punycode(host) {
        let suffix = registry_suffix(host)?;
        return above(host, suffix.len());
    }
    // The list has the letters, and as many labels.
    let (letters, readable) = idna::domain_to_unicode(host);
    readable.ok()?;
    let labels = registry_suffix(&letters)?.split('.').count();
    let suffix: usize = host.rsplit('.').take(labels).map(str::len).sum();
    above(host, suffix + labels - 1)
}

/// The host's last labels beginning with the one before a suffix of so many bytes.
fn above(host: &str, suffix: usize) -> Option<&str> {
    let owner = host
        .get(..host.len().checked_sub(suffix + 1)?)?
        .rsplit('.')
        .next()?;
    (!owner.is_empty()).then(|| &host[host.len() - suffix - 1 - owner.len()..])
}

fn registry_suffix(host: &str) -> Option<&str> {
    let mut name = host;
    loop {
        let suffix = List.suffix(name.as_bytes())?;
        let found = name.get(name.len() - suffix.as_bytes().len()..)?;
        match suffix.typ()? {
            Type::Icann => return Some(found),
            // A registry's suffix is shorter than the company's that lies below it.
            Type::Private => name = found.split_once('.')?.1,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn host(url: &str) -> String {
        let mut host = String::from("left over");
        let named = write_host(url, &mut host);
        assert_eq!(named, !host.is_empty());
        host
    }

    #[test]
    fn hosts_by_hand() {
        for (url, expected) in [
            ("http://A.b.Example.com/x", "a.b.example.com"),
            ("HTTPS://example.com:8080?x", "example.com"),
            ("http://u:p@example.com.:80/", "example.com"),
            ("http://bücher.example/", "xn--bcher-kva.example"),
            ("http://0x7f.1/", "127.0.0.1"),
            ("http://[::1]:80/", "[::1]"),
            ("http://localhost/", "localhost"),
            ("example.com/x", "example.com"),
            ("//u@example.com:1/x", "example.com"),
            ("ftp://Files.example.com#x", "files.example.com"),
            ("http:///", ""),
            ("", ""),
            ("unknown", ""),
            ("a text of words. And more", ""),
            ("http://exa mple.com/", ""),
        ] {
            assert_eq!(host(url), expected, "{url}");
        }
    }

    #[test]
    fn entries_by_hand() {
        for (entry, expected) in [
            ("Example.com", Ok("example.com")),
            ("*.example.com", Ok("example.com")),
            (".example.com.", Ok("example.com")),
            ("https://example.com/", Ok("example.com")),
            ("//example.com", Ok("example.com")),
            ("bücher.example", Ok("xn--bcher-kva.example")),
            ("a_b.example.com", Ok("a_b.example.com")),
            ("192.0.2.1", Ok("192.0.2.1")),
            ("2001:DB8:0::1", Ok("[2001:db8::1]")),
            ("http://[::1]/", Ok("[::1]")),
            ("example.com/x", Err("path")),
            ("example.com:80", Err("port")),
            ("http://u@example.com", Err("such characters")),
            ("0.0.0.0 example.com", Err("white space")),
            ("||example.com^", Err("such characters")),
            ("a.*.com", Err("such characters")),
            ("*.", Err("names no host")),
        ] {
            let read = read_name(entry);
            match expected {
                Ok(name) => assert_eq!(read.as_deref(), Ok(name), "{entry}"),
                Err(why) => assert!(read.unwrap_err().contains(why), "{entry}"),
            }
        }
    }

    #[test]
    fn domains_by_hand() {
        for (host, expected) in [
            ("forums.bbc.co.uk", Some("bbc.co.uk")),
            ("bbc.co.uk", Some("bbc.co.uk")),
            ("co.uk", None),
            ("com", None),
            ("a.b.blocked.com", Some("blocked.com")),
            ("someone.github.io", Some("github.io")),
            ("a.b.blogspot.com", Some("blogspot.com")),
            (
                "x.y.s3.dualstack.us-east-1.amazonaws.com",
                Some("amazonaws.com"),
            ),
            ("a.b.c.ck", Some("b.c.ck")),
            ("x.www.ck", Some("www.ck")),
            ("a.b.xn--p1ai", Some("b.xn--p1ai")),
            ("a.b.xn--fiqs8s", Some("b.xn--fiqs8s")),
            ("host.internal-name", None),
            ("127.0.0.1", None),
            ("[::1]", None),
            (".com", None),
            ("", None),
        ] {
            assert_eq!(registered(host), expected, "{host}");
        }
    }

    proptest! {
        #[test]
        fn what_is_plain_is_what_a_browser_reads(url in "(?i:https?)://[a-zA-Z0-9._:xn-]{0,12}[.:/?#@0-9a-z-]{0,8}") {
            if let Some(plain) = plain_host(&url) {
                let read = read(&url).unwrap();
                prop_assert_eq!(plain.to_ascii_lowercase(), read.host_str().unwrap());
            }
        }

        #[test]
        fn nothing_panics(url in "\\PC{0,40}") {
            let host = host(&url);
            let _ = registered(&host);
        }
    }
}
