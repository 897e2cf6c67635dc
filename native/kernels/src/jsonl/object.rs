//! One line's JSON object: read in one pass, long strings in place, without a tree of values.

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

use super::{Columns, DATE, ID, NAMES};

/// Objects and arrays within each other, the record itself included; what lies deeper is refused as bad JSON.
const MAX_DEPTH: usize = 128;

/// A JSON value as a column sees it.
#[derive(Default)]
pub enum Value<'a> {
    /// Absent or null.
    #[default]
    Nothing,
    Text(Cow<'a, str>),
    Number(&'a str),
    /// Anything else, with its type and its compact JSON text where that is known.
    Other(&'static str, Cow<'a, str>),
}

impl<'a> Value<'a> {
    pub fn into_text(self) -> Option<Cow<'a, str>> {
        match self {
            Value::Nothing => None,
            Value::Number(literal) => Some(Cow::Borrowed(literal)),
            Value::Text(text) | Value::Other(_, text) => Some(text),
        }
    }

    fn share(&self) -> Value<'a> {
        match self {
            Value::Nothing => Value::Nothing,
            Value::Text(text) => Value::Text(text.clone()),
            Value::Number(literal) => Value::Number(literal),
            Value::Other(kind, text) => Value::Other(kind, text.clone()),
        }
    }

    /// What to call the value where its column cannot hold it.
    pub fn misfit(&self, column: usize) -> Option<&'static str> {
        match self {
            Value::Other(kind, _) if column != DATE => Some(kind),
            Value::Number(_) if column != DATE && column != ID => Some("number"),
            _ => None,
        }
    }
}

/// One line's object: the columns' values, and the rest by key in the order of the line.
#[derive(Default)]
pub struct Object<'a> {
    pub columns: [Value<'a>; NAMES.len()],
    pub meta: Vec<(Cow<'a, str>, Value<'a>)>,
}

impl<'a> Object<'a> {
    /// Takes the members of an object within the record; what the record has itself wins.
    fn take_in(&mut self, inner: Object<'a>) {
        for (own, found) in self.columns.iter_mut().zip(inner.columns) {
            if matches!(own, Value::Nothing) {
                *own = found;
            }
        }
        self.meta.splice(0..0, inner.meta); // of equal keys the last counts
    }
}

/// Reads a record, or with `inner` an object within one, in which nothing is opened.
struct ObjectSeed<'c> {
    columns: &'c Columns,
    inner: bool,
}

impl<'de> DeserializeSeed<'de> for ObjectSeed<'_> {
    type Value = Object<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ObjectSeed<'_> {
    type Value = Object<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut object = Object::default();
        let mut within = None;
        while let Some(key) = map.next_key_seed(ScalarSeed)? {
            let Value::Text(key) = key else { continue };
            if !self.inner && self.columns.opens(&key) {
                let raw: &'de RawValue = map.next_value()?;
                if raw.get().starts_with('{') {
                    within = Some(open(raw.get(), self.columns).map_err(A::Error::custom)?);
                } else {
                    let value = interpret(raw.get()).map_err(A::Error::custom)?;
                    object.meta.push((key, value));
                }
                continue;
            }
            let columns = self.columns.filled_by(&key);
            let column = columns.trailing_zeros() as usize;
            // The long strings of the common case are read once, in place; the rest needs its literal.
            if columns.count_ones() == 1 && column != ID && column != DATE {
                object.columns[column] = map.next_value_seed(ScalarSeed)?;
                continue;
            }
            let raw: &'de RawValue = map.next_value()?;
            let value = interpret(raw.get()).map_err(A::Error::custom)?;
            if columns == 0 {
                object.meta.push((key, value));
                continue;
            }
            for column in (0..NAMES.len()).filter(|column| columns & 1 << column != 0) {
                object.columns[column] = value.share();
            }
        }
        if let Some(inner) = within {
            object.take_in(inner);
        }
        Ok(object)
    }
}

/// The object that a record has under a key.
fn open<'a>(json: &'a str, columns: &Columns) -> Result<Object<'a>, String> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let seed = ObjectSeed {
        columns,
        inner: true,
    };
    seed.deserialize(&mut deserializer)
        .map_err(|error| sentence(&error))
}

/// Reads a value of which only a string is wanted; of anything else only the type is kept.
struct ScalarSeed;

impl<'de> DeserializeSeed<'de> for ScalarSeed {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ScalarSeed {
    type Value = Value<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Nothing)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Value::Other("boolean", Cow::Borrowed("")))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Value::Number(""))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Value::Number(""))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Value::Number(""))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Other("array", Cow::Borrowed("")))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Other("object", Cow::Borrowed("")))
    }
}

/// A value from its JSON text, which is well-formed but for the limits that [`compact`] checks.
fn interpret(json: &str) -> Result<Value<'_>, String> {
    Ok(match json.as_bytes().first() {
        None | Some(b'n') => Value::Nothing,
        Some(b'"') if !json.contains('\\') => Value::Text(Cow::Borrowed(&json[1..json.len() - 1])),
        Some(b'"') => {
            string_end(json.as_bytes(), 1)?;
            Value::Text(Cow::Owned(
                serde_json::from_str(json).map_err(|error| sentence(&error))?,
            ))
        }
        Some(b't' | b'f') => Value::Other("boolean", Cow::Borrowed(json)),
        Some(b'[') => Value::Other("array", compact(json)?),
        Some(b'{') => Value::Other("object", compact(json)?),
        Some(_) => Value::Number(json),
    })
}

/// JSON text without white space outside of its strings. What is nested too deep or has half a surrogate is refused.
fn compact(json: &str) -> Result<Cow<'_, str>, String> {
    let bytes = json.as_bytes();
    let mut packed = String::new();
    let mut copied = 0; // up to here `json` is in `packed`, without its white space
    let mut depth = 1; // the record itself
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = string_end(bytes, at + 1)?,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth -= 1,
            b' ' | b'\t' | b'\n' | b'\r' => {
                packed.push_str(&json[copied..at]);
                copied = at + 1;
            }
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(format!(
                "nested deeper than the {MAX_DEPTH} levels expected at most"
            ));
        }
        at += 1;
    }
    if copied == 0 {
        return Ok(Cow::Borrowed(json));
    }
    packed.push_str(&json[copied..]);
    Ok(Cow::Owned(packed))
}

/// The place of the quote that ends the string whose first byte is at `at`.
fn string_end(bytes: &[u8], mut at: usize) -> Result<usize, String> {
    loop {
        let Some(step) = memchr::memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) else {
            return Err("a string without an end, expected `\"`".to_owned());
        };
        at += step;
        if bytes[at] == b'"' {
            return Ok(at);
        }
        at = match surrogate(bytes, at) {
            None => at + 2,
            Some(0xd800..=0xdbff) if matches!(surrogate(bytes, at + 6), Some(0xdc00..)) => at + 12,
            Some(_) => return Err("half a surrogate pair, expected both halves".to_owned()),
        };
    }
}

/// The surrogate that the escape `\uXXXX` at `at` stands for, if it is one.
fn surrogate(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    let unit = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    (0xd800..=0xdfff).contains(&unit).then_some(unit)
}

/// What serde_json says of an error, without the place.
fn sentence(error: &serde_json::Error) -> String {
    let said = error.to_string();
    match said.rfind(" at line ") {
        Some(end) => said[..end].to_owned(),
        None => said,
    }
}

/// The line's object, or a sentence that says what is wrong where; columns count bytes from 1.
pub fn parse<'a>(line: &'a [u8], columns: &Columns) -> Result<Object<'a>, String> {
    let line = std::str::from_utf8(line).map_err(|error| {
        let column = error.valid_up_to() + 1;
        format!("column {column}: invalid UTF-8, expected text in UTF-8")
    })?;
    let lead = line.len() - line.trim_ascii_start().len();
    if let Some(found) = line[lead..].chars().next().filter(|&first| first != '{') {
        return Err(format!(
            "column {}: found {found:?}, expected a JSON object `{{`",
            lead + 1
        ));
    }
    let mut deserializer = serde_json::Deserializer::from_str(line);
    let seed = ObjectSeed {
        columns,
        inner: false,
    };
    let object = seed.deserialize(&mut deserializer);
    object
        .and_then(|object| deserializer.end().map(|()| object))
        .map_err(|error| {
            let said = sentence(&error);
            let hint = if error.is_eof() {
                ", expected the rest of a JSON object"
            } else if said.starts_with("expected") || said.contains(", expected") {
                ""
            } else {
                ", expected one well-formed JSON object"
            };
            format!("column {}: {said}{hint}", error.column())
        })
}
