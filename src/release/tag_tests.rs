use super::*;

const HEAD: &str = "object 0123456789abcdef0123456789abcdef01234567\ntype commit\ntag v1.0\n\
                    tagger A U Thor <a@example.org> 1700000000 +0130\n\n";
const PGP: &str = "-----BEGIN PGP SIGNATURE-----\n\niQEz\n=abcd\n-----END PGP SIGNATURE-----\n";
const SSH: &str = "-----BEGIN SSH SIGNATURE-----\nU1NI\n-----END SSH SIGNATURE-----\n";
const X509: &str = "-----BEGIN SIGNED MESSAGE-----\nMIIE\n-----END SIGNED MESSAGE-----\n";
const INLINE: &str = "-----BEGIN PGP MESSAGE-----\n\nowGb\n-----END PGP MESSAGE-----\n";

fn codes(text: &str) -> Vec<&'static str> {
    parse_tag(text.as_bytes()).defects.iter().map(|defect| defect.code).collect()
}

#[test]
fn a_signed_tag_is_taken_apart() {
    let tag = parse_tag(format!("{HEAD}Release 1.0\n\nNotes.\n{PGP}").as_bytes());
    assert_eq!(tag.defects, []);
    assert_eq!(tag.target, Some(TargetKind::Commit));
    assert_eq!(tag.name.as_deref(), Some(&b"v1.0"[..]));
    assert_eq!(tag.message, b"Release 1.0\n\nNotes.\n");
    assert_eq!(tag.payload, format!("{HEAD}Release 1.0\n\nNotes.\n").into_bytes());
    assert_eq!(tag.signature, Signature::OpenPgp(PGP.into()));
    let tagger = tag.tagger.expect("a tagger");
    assert_eq!((tagger.name, tagger.email), (b"A U Thor".to_vec(), b"a@example.org".to_vec()));
    assert_eq!((tagger.time.unix(), tagger.offset_minutes), (1_700_000_000, 90));
}

#[test]
fn kinds_of_signatures_are_told_apart() {
    let refusal = |block: &str| {
        let tag = parse_tag(format!("{HEAD}m\n{block}").as_bytes());
        assert_eq!(tag.defects, [], "{block}");
        tag.signature.refusal().map(|(code, _)| code)
    };
    assert_eq!(refusal(PGP), None);
    assert_eq!(refusal(""), Some("tag-not-signed"));
    assert_eq!(refusal(SSH), None);
    assert_eq!(refusal(X509), Some("tag-x509-signed"));
    assert_eq!(refusal(INLINE), Some("unsupported-signature-format"));
}

#[test]
fn a_quoted_signature_before_the_real_one_is_refused() {
    for first in [PGP, SSH, X509, INLINE, "-----BEGIN PGP SIGNATURE-----quoted\n"] {
        let text = format!("{HEAD}m\n{first}{PGP}");
        assert!(codes(&text).contains(&"tag-multiple-signatures"), "{first}");
        // git's choice, so that what is judged is what git would judge.
        assert_eq!(parse_tag(text.as_bytes()).signature, Signature::OpenPgp(PGP.into()));
    }
}

#[test]
fn an_indented_or_unknown_block_in_the_message_is_text() {
    let message = " -----BEGIN PGP SIGNATURE-----\n-----BEGIN CERTIFICATE-----\n";
    let tag = parse_tag(format!("{HEAD}{message}{PGP}").as_bytes());
    assert_eq!((tag.defects.as_slice(), tag.message.as_slice()), (&[][..], message.as_bytes()));
}

#[test]
fn data_after_the_signature_is_refused() {
    for after in ["x", "\n", " ", "\nSigned-off-by: Eve\n", PGP] {
        let text = format!("{HEAD}m\n{PGP}{after}");
        let codes = codes(&text);
        assert!(
            codes.contains(&"tag-trailing-data") || codes.contains(&"tag-multiple-signatures"),
            "{after:?}"
        );
    }
    assert_eq!(codes(&format!("{HEAD}m\n{}", PGP.trim_end())), Vec::<&str>::new());
}

#[test]
fn a_block_without_its_end_or_with_another_end_is_refused() {
    for block in [
        "-----BEGIN PGP SIGNATURE-----\nabc\n",
        "-----BEGIN PGP SIGNATURE-----\nabc\n-----END SSH SIGNATURE-----\n",
        "-----BEGIN PGP SIGNATURE----- \nabc\n-----END PGP SIGNATURE-----\n",
        "-----BEGIN PGP SIGNATURE-----",
    ] {
        assert!(codes(&format!("{HEAD}m\n{block}")).contains(&"tag-malformed"), "{block}");
    }
}

#[test]
fn headers_are_exactly_four_in_their_order() {
    let lines: Vec<&str> = HEAD.trim_end().lines().collect();
    let joined = |lines: &[&str]| format!("{}\n\nm\n{PGP}", lines.join("\n"));
    assert_eq!(codes(&joined(&lines)), Vec::<&str>::new());
    for gone in 0..4 {
        let mut fewer = lines.clone();
        fewer.remove(gone);
        assert!(codes(&joined(&fewer)).contains(&"tag-malformed"), "without {}", lines[gone]);
        let mut twice = lines.clone();
        twice.insert(gone, lines[gone]);
        assert!(codes(&joined(&twice)).contains(&"tag-malformed"), "twice {}", lines[gone]);
    }
    for extra in ["gpgsig-sha256 -----BEGIN", "gpgsig x", "encoding latin1", " folded", "x"] {
        for place in 0..=4 {
            let mut more = lines.clone();
            more.insert(place, extra);
            assert!(codes(&joined(&more)).contains(&"tag-malformed"), "{extra} at {place}");
        }
    }
}

#[test]
fn bad_header_values_are_told() {
    for (from, to) in [
        ("0123456789abcdef0", "0123456789ABCDEF0"),
        ("type commit", "type comit"),
        ("tag v1.0", "tag "),
        ("+0130", "+130"),
        ("+0130", "0130"),
        ("1700000000", "-1"),
        ("1700000000", "01"),
        ("1700000000", "99999999999999999999"),
        (" <a@example.org>", "<a@example.org>"),
        ("<a@example.org>", "<a@<example.org>"),
        ("> 17", ">17"),
        ("A U Thor", "A> U <Thor"),
    ] {
        assert!(HEAD.contains(from));
        let text = format!("{}m\n{PGP}", HEAD.replacen(from, to, 1));
        assert!(codes(&text).contains(&"tag-malformed"), "{to}");
    }
}

#[test]
fn nul_and_carriage_return_are_refused_anywhere() {
    for text in [
        format!("{HEAD}m\0\n{PGP}"),
        format!("{HEAD}m\r\n{PGP}"),
        format!("{HEAD}m\n{}", PGP.replace('\n', "\r\n")),
        HEAD.replace("v1.0", "v1.0\0x") + PGP,
    ] {
        assert!(codes(&text).contains(&"tag-malformed"), "{text:?}");
    }
}

#[test]
fn a_signature_among_the_headers_is_refused() {
    assert!(codes(PGP).contains(&"tag-malformed"));
    let headers = HEAD.trim_end();
    assert!(codes(&format!("{headers}\n{PGP}")).contains(&"tag-malformed"));
    assert!(codes(&format!("{PGP}{HEAD}m\n")).contains(&"tag-malformed"));
}

#[test]
fn an_empty_message_is_a_tag_too() {
    assert_eq!(codes(HEAD), Vec::<&str>::new());
    assert_eq!(codes(&format!("{HEAD}{PGP}")), Vec::<&str>::new());
    assert_eq!(codes(&format!("{}\n", HEAD.trim_end())), Vec::<&str>::new());
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_the_parser_fail(raw: Vec<u8>, cut in 0usize..400, byte: u8) {
        let _ = parse_tag(&raw);
        let mut text = format!("{HEAD}m\n{PGP}").into_bytes();
        let place = cut % text.len();
        text[place] = byte;
        let tag = parse_tag(&text);
        let signature = match &tag.signature {
            Signature::None => Vec::new(),
            Signature::OpenPgp(b) | Signature::Ssh(b) | Signature::X509(b) | Signature::PgpMessage(b) => b.clone(),
        };
        assert_eq!([tag.payload, signature].concat(), text);
    }
}
