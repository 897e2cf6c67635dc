//! Addresses of web pages brought to one form, so that two spellings of an address are equal texts.
//!
//! Three forms, each of which leaves its own results as they are:
//!
//! * `c4`, the rule of C4 (Raffel et al. 2020): every `http://` and `https://` is deleted with a `www.` behind it, then
//!   all from the first `?utm_`, `?ref` or `?feed` on, then slashes at the end. Nothing else; case is kept.
//! * `strict` reads an address as browsers do (WHATWG URL, with IDNA for the host), which lowers scheme and host, drops
//!   the default port and resolves dot segments. Then: no user, password or fragment; `www.` and `m.` are taken from
//!   the host's front while two labels stay, dots from its end; escaped letters, digits and `-._~` are unescaped,
//!   other escapes are in upper case, a `%` that begins none becomes `%25`; no slashes at the path's end; the query
//!   without empty and tracking parameters, sorted by name, parameters of one name in their order.
//! * `surt` has the same parts as `com,example:8080)/path?query`, without the scheme.
//!
//! To the last two only what begins with `http://` or `https://` (in any case, behind white space) and can be read is
//! an address; anything else stays as it is. Time is linear but for the sorting.

use arrow_array::builder::LargeStringBuilder;
use arrow_array::{ArrayRef, LargeStringArray};
use memchr::memchr_iter;
use url::{Host, Url};

use crate::words::TextColumn;

const TRACKING: [&str; 18] = [
    "_ga",
    "dclid",
    "fbclid",
    "feed",
    "gbraid",
    "gclid",
    "igshid",
    "jsessionid",
    "mc_cid",
    "mc_eid",
    "msclkid",
    "phpsessid",
    "ref",
    "sessionid",
    "twclid",
    "wbraid",
    "yclid",
    "ysclid",
];

/// Writes an address in a form.
type Form = fn(&str, &mut String);

/// The forms an address can be brought to, by name.
pub const FORMS: [(&str, Form); 3] = [
    ("c4", write_c4),
    ("strict", write_strict),
    ("surt", write_surt),
];

/// Each address in the form of that name, null for null.
pub fn normalize(urls: &ArrayRef, form: &str) -> Result<LargeStringArray, String> {
    let (_, write) = FORMS
        .iter()
        .find(|(name, _)| *name == form)
        .ok_or_else(|| format!("unknown form {form:?}; expected c4, strict or surt"))?;
    let column = TextColumn::new(urls, "url")?;
    let mut out = LargeStringBuilder::with_capacity(urls.len(), urls.len() * 64);
    let mut buffer = String::new();
    for row in 0..urls.len() {
        match column.get(row) {
            Some(url) => {
                buffer.clear();
                write(url, &mut buffer);
                out.append_value(&buffer);
            }
            None => out.append_null(),
        }
    }
    Ok(out.finish())
}

/// A deletion can bring the parts of another scheme together (`hthttp://tp://`), so what was written is looked at again
/// at each slash.
pub(crate) fn write_c4(url: &str, out: &mut String) {
    let mut begin = 0;
    for slash in memchr_iter(b'/', url.as_bytes()) {
        out.push_str(&url[begin..=slash]);
        begin = slash + 1;
        let scheme = ["http://", "https://"]
            .iter()
            .find(|scheme| out.ends_with(**scheme));
        if let Some(scheme) = scheme {
            out.truncate(out.len() - scheme.len());
            begin += if url[begin..].starts_with("www.") {
                4
            } else {
                0
            };
        }
    }
    out.push_str(&url[begin..]);
    let tracked = |at: &usize| {
        ["utm_", "ref", "feed"]
            .iter()
            .any(|name| out[at + 1..].starts_with(name))
    };
    let cut = memchr_iter(b'?', out.as_bytes())
        .find(tracked)
        .unwrap_or(out.len());
    out.truncate(out[..cut].trim_end_matches('/').len());
}

fn write_strict(text: &str, out: &mut String) {
    let Some(url) = read(text) else {
        return out.push_str(text);
    };
    out.push_str(url.scheme());
    out.push_str("://");
    out.push_str(&page_host(&url));
    write_port(&url, out);
    write_path(url.path(), out);
    write_query(url.query(), out);
}

fn write_surt(text: &str, out: &mut String) {
    let Some(url) = read(text) else {
        return out.push_str(text);
    };
    let host = page_host(&url);
    if let Some(Host::Domain(_)) = url.host() {
        let labels: Vec<&str> = host.rsplit('.').collect();
        out.push_str(&labels.join(","));
    } else {
        out.push_str(&host);
    }
    write_port(&url, out);
    out.push(')');
    let begin = out.len();
    write_path(url.path(), out);
    if out.len() == begin {
        out.push('/');
    }
    write_query(url.query(), out);
}

/// What begins with `http://` or `https://` and can be read, as browsers read it.
pub(crate) fn read(text: &str) -> Option<Url> {
    let begin = text.trim_start_matches(|c: char| c <= ' ').as_bytes();
    let opens = |scheme: &str| {
        begin.len() >= scheme.len() && begin[..scheme.len()].eq_ignore_ascii_case(scheme.as_bytes())
    };
    if !opens("http://") && !opens("https://") {
        return None;
    }
    Url::parse(text).ok().filter(Url::has_host)
}

/// The host without what only says which presentation of the site it is.
fn page_host(url: &Url) -> String {
    let Some(Host::Domain(domain)) = url.host() else {
        return url.host_str().unwrap_or_default().to_owned();
    };
    // A dot at the end says that the name is complete, which it is on the web anyway. Several are no such mark, and
    // without them `1..` would be a number.
    let mut host = match domain.strip_suffix('.') {
        Some(name) if !name.is_empty() && !name.ends_with('.') => name,
        _ => domain,
    };
    while let Some(rest) = host
        .strip_prefix("www.")
        .or_else(|| host.strip_prefix("m."))
    {
        if !rest.contains('.') {
            break;
        }
        host = rest;
    }
    host.to_owned()
}

fn write_port(url: &Url, out: &mut String) {
    if let Some(port) = url.port() {
        out.push(':');
        out.push_str(&port.to_string());
    }
}

fn write_path(path: &str, out: &mut String) {
    write_unescaped(path.trim_end_matches('/'), out);
}

fn write_query(query: Option<&str>, out: &mut String) {
    let mut parameters: Vec<String> = Vec::new();
    for written in query
        .unwrap_or_default()
        .split('&')
        .filter(|written| !written.is_empty())
    {
        let mut parameter = String::with_capacity(written.len());
        write_unescaped(written, &mut parameter);
        if !is_tracking(name_of(&parameter)) {
            parameters.push(parameter);
        }
    }
    parameters.sort_by(|a, b| name_of(a).cmp(name_of(b)));
    for (i, parameter) in parameters.iter().enumerate() {
        out.push(if i == 0 { '?' } else { '&' });
        out.push_str(parameter);
    }
}

fn name_of(parameter: &str) -> &str {
    parameter
        .split_once('=')
        .map_or(parameter, |(name, _)| name)
}

fn is_tracking(name: &str) -> bool {
    let starts = |prefix: &str| {
        name.as_bytes()
            .get(..prefix.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(prefix.as_bytes()))
    };
    starts("utm_")
        || TRACKING
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
}

/// Writes `escaped`, which is ASCII as every part of a parsed address.
fn write_unescaped(escaped: &str, out: &mut String) {
    let mut pieces = escaped.split('%');
    out.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        match hex_pair(piece) {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                out.push(char::from(byte));
                out.push_str(&piece[2..]);
            }
            Some(byte) => {
                out.push_str(&format!("%{byte:02X}"));
                out.push_str(&piece[2..]);
            }
            None => {
                out.push_str("%25");
                out.push_str(piece);
            }
        }
    }
}

fn hex_pair(piece: &str) -> Option<u8> {
    let digit = |at: usize| {
        piece
            .as_bytes()
            .get(at)
            .and_then(|&byte| char::from(byte).to_digit(16))
    };
    Some((digit(0)? * 16 + digit(1)?) as u8)
}

#[cfg(test)]
mod tests;
