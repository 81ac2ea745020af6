//! `${secret:name}`: filled in when a request is sent, and masked in what comes back.

use headworks_access::Access;

use super::OutboundError;

/// What a secret begins with in a text.
const OPEN: &str = "${secret:";
/// What stands in the place of a secret.
const MASK: &str = "***";
/// Shortest beginning of a secret that is masked at the end of a text that was cut.
const TAIL_BYTES_MIN: usize = 4;

/// Where secrets come from. May wait for the disk.
pub trait Secrets: Send + Sync {
    /// Returns a secret; nothing when there is none of this name.
    ///
    /// # Errors
    ///
    /// Why it cannot be read, without the secret.
    fn find(&self, name: &str) -> Result<Option<SecretValue>, String>;
}

/// A secret and where it may go.
#[derive(Clone)]
pub struct SecretValue {
    /// The secret.
    pub value: String,
    /// The hosts that it may be sent to; empty for all.
    pub hosts: Vec<String>,
}

impl Secrets for Access {
    fn find(&self, name: &str) -> Result<Option<SecretValue>, String> {
        let found = self.secret(name).map_err(|error| error.to_string())?;
        Ok(found.map(|(value, hosts)| SecretValue { value, hosts }))
    }
}

/// Fills in secrets, and remembers them to mask.
pub(super) struct Filler<'a> {
    secrets: &'a dyn Secrets,
    used: Vec<(String, SecretValue)>,
}

/// Masks the secrets of one request.
#[derive(Clone, Default)]
pub(super) struct Masker {
    forms: Vec<String>,
}

/// Returns whether a secret decides which server an address leads to.
pub(super) fn names_a_secret_host(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    names_a_secret(&rest[..end]) || !url.contains("://")
}

/// Returns whether a text names a secret.
pub(super) fn names_a_secret(text: &str) -> bool {
    text.contains(OPEN)
}

impl<'a> Filler<'a> {
    pub(super) fn new(secrets: &'a dyn Secrets) -> Filler<'a> {
        let used = Vec::new();
        Filler { secrets, used }
    }

    /// Returns the text with its secrets filled in.
    pub(super) fn fill(&mut self, text: &str) -> Result<String, OutboundError> {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(OPEN) {
            let (name, after) = after.split_once('}').ok_or_else(|| {
                OutboundError::refused(format!("{OPEN} is not closed; write ${{secret:name}}"))
            })?;
            filled.push_str(before);
            filled.push_str(&self.value(name)?);
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    fn value(&mut self, name: &str) -> Result<String, OutboundError> {
        let found = self.secrets.find(name).map_err(OutboundError::failed)?;
        let found = found.ok_or_else(|| {
            let reason = format!("the secret {name:?} does not exist; store it under Secrets");
            OutboundError::refused(reason)
        })?;
        let value = found.value.clone();
        self.used.push((name.to_owned(), found));
        Ok(value)
    }

    /// Checks that every secret may go to this host.
    pub(super) fn check_host(&self, host: &str) -> Result<(), OutboundError> {
        let is_out = |secret: &SecretValue| {
            let mut hosts = secret.hosts.iter();
            !secret.hosts.is_empty() && !hosts.any(|known| known.eq_ignore_ascii_case(host))
        };
        match self.used.iter().find(|(_, secret)| is_out(secret)) {
            Some((name, _)) => Err(OutboundError::refused(format!(
                "the secret {name:?} may not be sent to this host; an administrator says where \
                 it may go"
            ))),
            None => Ok(()),
        }
    }

    /// Returns what masks the secrets that were filled in.
    pub(super) fn masker(&self) -> Masker {
        let mut forms: Vec<String> = Vec::new();
        for (_, secret) in &self.used {
            let value = &secret.value;
            let json = serde_json::to_string(value).unwrap_or_default();
            let json = json.trim_matches('"').to_owned();
            let form: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
            forms.extend([form.replace('+', "%20"), form, json, value.clone()]);
        }
        forms.retain(|form| !form.is_empty());
        // The longest first: one secret may be part of another.
        forms.sort_unstable_by_key(|form| std::cmp::Reverse(form.len()));
        forms.dedup();
        Masker { forms }
    }
}

impl Masker {
    /// Masks a host too: one that came from a secret.
    pub(super) fn with_host(mut self, host: &str) -> Masker {
        self.forms.push(host.to_owned());
        self
    }

    /// Returns the text without secrets.
    pub(super) fn mask(&self, text: String) -> String {
        let mask = |text: String, form: &String| match text.contains(form) {
            true => text.replace(form, MASK),
            false => text,
        };
        self.forms.iter().fold(text, mask)
    }

    /// Returns a text that was cut without secrets, also without the beginning of one at its end.
    pub(super) fn mask_cut(&self, text: String) -> String {
        let mut text = self.mask(text);
        for form in &self.forms {
            let lengths = (TAIL_BYTES_MIN..form.len()).rev();
            let mut tails = lengths.filter(|&length| form.is_char_boundary(length));
            if let Some(length) = tails.find(|&length| text.ends_with(&form[..length])) {
                text.truncate(text.len() - length);
                text.push_str(MASK);
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct One(&'static str, Vec<String>);

    impl Secrets for One {
        fn find(&self, name: &str) -> Result<Option<SecretValue>, String> {
            let value = SecretValue {
                value: self.0.to_owned(),
                hosts: self.1.clone(),
            };
            Ok((name == "one").then_some(value))
        }
    }

    #[test]
    fn secrets_are_filled_in_and_masked_in_every_writing() {
        let secrets = One("p\"a/ss wörd", Vec::new());
        let mut filler = Filler::new(&secrets);
        let filled = filler.fill("a${secret:one}b${secret:one}").unwrap();
        assert_eq!(filled, "ap\"a/ss wördbp\"a/ss wörd");
        let masker = filler.masker();
        for told in [
            "x p\"a/ss wörd y",
            "x p\\\"a/ss wörd y",
            "x p%22a%2Fss+w%C3%B6rd y",
            "x p%22a%2Fss%20w%C3%B6rd y",
        ] {
            assert_eq!(masker.mask(told.to_owned()), "x *** y", "{told}");
        }
        assert_eq!(masker.mask_cut("cut p\"a/s".to_owned()), "cut ***");
        assert_eq!(masker.mask_cut("cut p\"a".to_owned()), "cut p\"a");
    }

    #[test]
    fn unknown_and_unclosed_secrets_are_refused_by_name() {
        let secrets = One("x", Vec::new());
        let mut filler = Filler::new(&secrets);
        let error = filler.fill("${secret:two}").unwrap_err().to_string();
        assert!(error.contains("\"two\""), "{error}");
        let error = filler.fill("${secret:two").unwrap_err().to_string();
        assert!(error.contains("not closed"), "{error}");
    }

    #[test]
    fn a_secret_goes_to_its_hosts_only() {
        let secrets = One("x", vec!["hooks.example".to_owned()]);
        let mut filler = Filler::new(&secrets);
        filler.fill("${secret:one}").unwrap();
        assert_eq!(filler.check_host("HOOKS.example"), Ok(()));
        let error = filler.check_host("evil.example").unwrap_err().to_string();
        assert!(error.contains("\"one\""), "{error}");
    }
}
