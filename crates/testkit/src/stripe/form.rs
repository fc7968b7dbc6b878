//! Stripe's form encoding: `line_items[0][price]=price_1`. Whatever nobody takes is refused.

use std::collections::BTreeMap;

use wax_connect::Url;

use super::refusal::Refusal;

/// Parameters by their whole name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Form(BTreeMap<String, String>);

impl Form {
    /// Reads a query or a body. `a[]=1&a[]=2` is `a[0]=1&a[1]=2`.
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        let url = Url::parse(&format!("http://form.invalid/?{text}"))
            .map_err(|_| Refusal::invalid("", "Invalid request body"))?;
        let mut all = BTreeMap::new();
        for (name, value) in url.query_pairs() {
            let mut name = name.into_owned();
            if let Some(place) = name.find("[]") {
                let free =
                    |at: &usize| !all.contains_key(&name.replacen("[]", &format!("[{at}]"), 1));
                let at = (0..=all.len()).find(free).unwrap_or_default();
                name.replace_range(place..place + 2, &format!("[{at}]"));
            }
            if all.insert(name.clone(), value.into_owned()).is_some() {
                return Err(Refusal::invalid(&name, "Invalid array: given twice"));
            }
        }
        Ok(Self(all))
    }

    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    pub(super) fn required(&mut self, name: &str) -> Result<String, Refusal> {
        let value = self.take(name).ok_or_else(|| Refusal::missing(name))?;
        if value.is_empty() { Err(Refusal::empty(name)) } else { Ok(value) }
    }

    pub(super) fn number(&mut self, name: &str) -> Result<Option<i64>, Refusal> {
        let read = |text: String| text.parse().map_err(|_| Refusal::integer(name, &text));
        self.take(name).map(read).transpose()
    }

    pub(super) fn flag(&mut self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.take(name).as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => Err(Refusal::invalid(name, format!("Invalid boolean: {other}"))),
        }
    }

    /// One of these texts.
    pub(super) fn choice(
        &mut self,
        name: &str,
        of: &[&'static str],
    ) -> Result<Option<&'static str>, Refusal> {
        let Some(given) = self.take(name) else { return Ok(None) };
        let known = of.iter().find(|one| **one == given);
        let bad =
            || Refusal::invalid(name, format!("Invalid {name}: must be one of {}", of.join(", ")));
        known.map(|one| Some(*one)).ok_or_else(bad)
    }

    /// `name[0]`, `name[1]`, … as far as they go.
    pub(super) fn list(&mut self, name: &str) -> Vec<String> {
        (0..).map_while(|at: usize| self.take(&format!("{name}[{at}]"))).collect()
    }

    /// Everything of the form `name[key]`.
    pub(super) fn map(&mut self, name: &str) -> BTreeMap<String, String> {
        let inside = |whole: &str| {
            let key = whole.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']')?;
            (!key.contains('[')).then(|| key.to_owned())
        };
        let found: Vec<_> =
            self.0.keys().filter_map(|whole| Some((whole.clone(), inside(whole)?))).collect();
        let take = |(whole, key): (String, String)| Some((key, self.0.remove(&whole)?));
        found.into_iter().filter_map(take).collect()
    }

    /// Nothing is left that nobody knows.
    pub(super) fn finish(&self) -> Result<(), Refusal> {
        self.0.keys().next().map_or(Ok(()), |name| Err(Refusal::unknown(name)))
    }

    /// The parameters, for tests to look at.
    pub(super) fn pairs(&self) -> BTreeMap<String, String> {
        self.0.clone()
    }
}
