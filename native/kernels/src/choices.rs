//! Settings that are one of several names.

/// What a name stands for; an error lists the known ones.
pub fn named<T: Copy>(name: &str, of: &str, known: &[(&str, T)]) -> Result<T, String> {
    let found = known.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
        let names = names.join(", ");
        format!("unknown {of} \"{name}\"; expected one of: {names}")
    })
}
