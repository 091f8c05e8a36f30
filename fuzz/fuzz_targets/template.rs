//! Tag templates, version grammars, globs: what a policy has, against a tag.
#![no_main]

use countersign::release::policy::Pattern;
use countersign::release::policy::template::{Template, VersionGrammar};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &str| {
    let Some((rule, text)) = data.split_once('\n') else { return };
    if let Ok(template) = Template::parse(rule) {
        if let Some(version) = template.version_in(text) {
            assert!(!template.has_hole() || template.fill(version) == text, "{rule:?} {text:?} {version:?}");
        }
    }
    for grammar in [VersionGrammar::named(rule), VersionGrammar::pattern(rule).ok()].into_iter().flatten() {
        grammar.accepts(text);
        grammar.describe();
    }
    if let Ok(pattern) = Pattern::parse(rule) {
        pattern.matches(text.as_bytes());
    }
});
