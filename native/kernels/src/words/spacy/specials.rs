//! The chunks that are split by heart: contractions, times, abbreviations, emoticons.

use super::byte_map::ByteMap;

/// The ends of a special case's pieces; where there are fewer than three, the last is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pieces {
    ends: [u8; 3],
    count: u8,
}

impl Pieces {
    /// The ends of the pieces, in bytes from the start of the special case.
    pub fn ends(&self) -> impl Iterator<Item = usize> {
        self.ends[..usize::from(self.count)]
            .iter()
            .map(|&end| usize::from(end))
    }
}

/// All special cases.
#[derive(Debug)]
pub struct Specials {
    pieces: ByteMap<Pieces>,
}

impl Specials {
    pub fn new() -> Self {
        let mut all = Self {
            pieces: ByteMap::new(),
        };
        add_contractions(&mut all);
        add_times(&mut all);
        SINGLES.split(' ').for_each(|one| all.add(one));
        [" ", "\t", "\n", "\u{a0}"]
            .iter()
            .for_each(|one| all.add(one));
        add_emoticons(&mut all);
        // Words that are more often themselves than a contraction without its apostrophe.
        for word in [
            "ill", "its", "hell", "shell", "shed", "were", "well", "whore",
        ] {
            all.pieces.remove(word);
            all.pieces.remove(&capitalized(word));
        }
        all
    }

    /// The pieces of `chunk`, if it is a special case.
    #[inline]
    pub fn get(&self, chunk: &[u8]) -> Option<Pieces> {
        self.pieces.get(chunk)
    }

    /// Every special case, in no order.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.pieces.keys()
    }

    /// Adds a case whose pieces stand between bars, and, where it has apostrophes, the same with curly ones.
    fn add(&mut self, barred: &str) {
        self.add_one(barred.split('|'));
        if barred.contains('\'') {
            self.add_one(barred.replace('\'', "’").split('|'));
        }
    }

    /// Adds a case of one piece, in which bars are nothing else.
    fn add_whole(&mut self, text: &str) {
        self.add_one([text].into_iter());
        if text.contains('\'') {
            self.add_one([&*text.replace('\'', "’")].into_iter());
        }
    }

    fn add_one<'a>(&mut self, parts: impl Iterator<Item = &'a str>) {
        let mut text = String::new();
        let mut pieces = Pieces {
            ends: [0; 3],
            count: 0,
        };
        for part in parts {
            text.push_str(part);
            pieces.ends[usize::from(pieces.count)..].fill(text.len() as u8);
            pieces.count += 1;
        }
        self.pieces.insert(&text, pieces);
    }
}

fn capitalized(word: &str) -> String {
    let mut word = word.to_owned();
    if let Some(first) = word.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    word
}

/// Stems and what they contract with; each also with a capital, and each without the apostrophes.
const CONTRACTIONS: [(&str, &str); 11] = [
    ("i", "'m 'm|a"),
    ("i you he she it we they", "'ll 'll|'ve 'd 'd|'ve"),
    ("i you we they", "'ve"),
    ("you we they", "'re"),
    (
        "he she it who what when where why how there that this",
        "'s",
    ),
    (
        "who what when where why how there that this these those",
        "'ll 'll|'ve 'd 'd|'ve",
    ),
    ("who what when where why how there these those", "'re 've"),
    (
        "ca could do does did had may might must need ought sha should wo would",
        "n't n't|'ve",
    ),
    ("could might must should would not", "'ve"),
    ("ai are is was were have has dare", "n't"),
    // Cut in two, though nothing is left out.
    ("can gon got", "not na ta"),
];

fn add_contractions(all: &mut Specials) {
    let (open, cut) = CONTRACTIONS.split_at(CONTRACTIONS.len() - 1);
    for (stems, ends) in open {
        for stem in stems
            .split(' ')
            .flat_map(|stem| [stem.to_owned(), capitalized(stem)])
        {
            for end in ends.split(' ') {
                all.add(&format!("{stem}|{end}"));
                all.add(&format!("{stem}|{}", end.replace('\'', "")));
            }
        }
    }
    for (stems, ends) in cut {
        for (stem, end) in stems.split(' ').zip(ends.split(' ')) {
            all.add(&format!("{stem}|{end}"));
            all.add(&format!("{}|{end}", capitalized(stem)));
        }
    }
    let rest = "y'|all y|all how|'d|'y How|'d|'y let|'s Let|'s c'm|on C'm|on";
    rest.split(' ').for_each(|one| all.add(one));
    for word in "doin goin nothin nuthin ol somethin lovin havin".split(' ') {
        for word in [word.to_owned(), capitalized(word)] {
            all.add(&word);
            all.add(&format!("{word}'"));
        }
    }
}

fn add_times(all: &mut Specials) {
    for hour in 1..=12 {
        for half in ["am", "a.m.", "pm", "p.m."] {
            all.add(&format!("{hour}|{half}"));
        }
    }
    for degree in "cfkCFK".chars() {
        all.add(&format!("°|{degree}|."));
    }
    for letter in ('a'..='z').chain(['ä', 'ö', 'ü']) {
        all.add(&format!("{letter}."));
    }
}

/// Chunks that stay whole.
const SINGLES: &str = "em 'em ll 'll nuff 'nuff 'S 's ‘S ‘s 'd 're 'cause 'Cause 'cos 'Cos 'coz 'Coz 'cuz 'Cuz 'bout \
    ma'am Ma'am o'clock O'clock and/or w/o ' '' — \\t \\n \\\") <space> C++ \
    Jan. Feb. Mar. Apr. Jun. Jul. Aug. Sep. Sept. Oct. Nov. Dec. \
    Ak. Ala. Ariz. Ark. Calif. Colo. Conn. Del. Fla. Ga. Ia. Id. Ill. Ind. Kan. Kans. Ky. La. Mass. Md. Mich. Minn. \
    Miss. Mo. Mont. N.C. N.D. N.H. N.J. N.M. N.Y. Neb. Nebr. Nev. Okla. Ore. Pa. S.C. Tenn. Va. Wash. Wis. D.C. \
    Adm. Dr. Gen. Gov. Jr. Messrs. Mr. Mrs. Ms. Ph.D. Prof. Rep. Rev. Sen. \
    Bros. co. Co. Corp. Inc. Ltd. Mt. St. a.m. p.m. e.g. E.g. E.G. i.e. I.e. I.E. vs. v.s.";

fn add_emoticons(all: &mut Specials) {
    for mouth in ") )) ))) ( (( ((( ] } / | P p O o 0 * 3 > X x D".split(' ') {
        all.add_whole(&format!(":{mouth}"));
        all.add_whole(&format!(":-{mouth}"));
    }
    for nose in ["", "-"] {
        for end in [
            ":'{})", ":'{}(", ";{})", ";{}D", "8{})", "8{}D", "({}:", "({};", "){}:", "[{}:",
        ] {
            all.add_whole(&end.replace("{}", nose));
        }
    }
    EMOTICONS.split(' ').for_each(|one| all.add_whole(one));
}

const EMOTICONS: &str = "(-8 :1 :() :o) (o: >:( >:o =) (= =( =/ =| =] [= =[ ]= =3 =D xD XD xDD XDD \
    ^_^ ^__^ ^___^ >.< >.> <.< ._. ;_; -_- -__- v.v V.V v_v V_V o_o o_O O_o O_O 0_o o_0 0_0 o.o o.O O.o O.O 0.0 o.0 0.o \
    @_@ <3 <33 <333 </3 (^_^) (-_-) (._.) (>_<) (*_*) (¬_¬) ಠ_ಠ ಠ︵ಠ (ಠ_ಠ) ¯\\(ツ)/¯ (╯°□°）╯︵┻━┻ ><(((*>";
