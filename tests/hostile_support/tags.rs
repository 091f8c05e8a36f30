//! Tags that were signed for something else, or that readers take in two
//! ways, and histories that git is made to see.

use super::{Attack, Place, rejected};
use crate::git_support::run;
use crate::pack::sha1;
use crate::support::{NOW, World};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;

/// A row: the world's repository, made anew, is spoilt and `verify-tag` asked.
fn spoilt(world: &Rc<World>, name: &str, codes: &[&'static str], spoil: impl Fn(&World) + 'static) -> Attack {
    let world = Rc::clone(world);
    rejected(name, codes, move |place: &mut Place| {
        copy(&world.path("pristine"), &world.path("hello"));
        spoil(&world);
        copy(&world.path("hello"), &place.path("repo"));
        let text = |path: std::path::PathBuf| path.display().to_string();
        let fixed =
            ["verify-tag", "--tag", "v1.0", "--project", "example/hello", "--at", NOW].map(String::from);
        let given = [
            ["--repository".into(), text(place.path("repo"))],
            ["--policy".into(), text(world.path("policy.yaml"))],
            ["--keyring".into(), text(world.path("keyring"))],
        ];
        place.instead = Some([&fixed[..], &given.concat()].concat());
    })
}

fn copy(from: &Path, to: &Path) {
    if to.exists() {
        fs::remove_dir_all(to).unwrap();
    }
    run(Command::new("cp").arg("-a").arg(from).arg(to));
}

/// Puts these bytes under the tag's name.
fn forge(world: &World, raw: &str) {
    let path = world.path("raw");
    fs::write(&path, raw).unwrap();
    let form = ["hash-object", "-t", "tag", "-w", "--literally", path.to_str().unwrap()];
    let id = world.git(&form);
    // git itself would not let some of them in.
    fs::write(world.path("hello/.git/refs/tags/v1.0"), id + "\n").unwrap();
}

fn raw(world: &World) -> String {
    world.git(&["cat-file", "tag", "v1.0"]) + "\n"
}

/// All of them; keys are made for them.
pub fn tags() -> Vec<Attack> {
    let world = World::new();
    copy(&world.path("hello"), &world.path("pristine"));
    let world = Rc::new(world);
    let row = |name: &str, codes: &[&'static str], spoil: fn(&World)| spoilt(&world, name, codes, spoil);
    let edited = |name: &str, codes: &[&'static str], edit: fn(&str) -> String| {
        spoilt(&world, name, codes, move |world| forge(world, &edit(&raw(world))))
    };
    let mut all = vec![
        row("control: verify-tag of an honest tag", &[], |_| {}).exit(0),
        row("a signed tag under another name", &["tag-name-mismatch"], |world| {
            world.tag("v2.0", &world.maintainer);
            world.git(&["update-ref", "refs/tags/v1.0", "refs/tags/v2.0"]);
        }),
        row("a lightweight tag on a signed commit's place", &["tag-not-annotated"], |world| {
            world.git(&["tag", "--force", "v1.0"]);
        }),
        row("an annotated tag without signature", &["tag-not-signed"], |world| {
            world.git(&["tag", "--force", "--annotate", "--message", "x", "v1.0"]);
        }),
        row("a tag signed by a stranger", &["unknown-signer"], |world| world.tag("v1.0", &world.stranger)),
        row("a tag signed by a key for other things", &["signer-not-allowed"], |world| {
            world.tag("v1.0", &world.release);
        }),
        row("a signed tag of a signed tag", &["tag-target-not-commit"], |world| {
            world.git(&["tag", "inner", "v1.0"]);
            let user = format!("{}!", world.maintainer.subkey);
            let form = ["tag", "--sign", "--force", "--local-user", &user, "--message", "x", "v1.0", "inner"];
            world.git(&form);
        }),
        row("a signed tag of a tree", &["tag-target-not-commit"], |world| {
            let user = format!("{}!", world.maintainer.subkey);
            let form =
                ["tag", "--sign", "--force", "--local-user", &user, "--message", "x", "v1.0", "HEAD^{tree}"];
            world.git(&form);
        }),
        edited("a signed tag whose message was changed", &["bad-signature"], |raw| {
            raw.replace("Release", "Evil")
        }),
        edited(
            "a signed tag that was moved to another commit",
            &["bad-signature", "commit-not-on-branch"],
            |raw| {
                let (_, rest) = raw.split_once('\n').unwrap();
                format!("object {}\n{rest}", "1".repeat(40))
            },
        ),
        edited("text behind the signature", &["tag-trailing-data", "text-outside-armor"], |raw| {
            raw.to_string() + "more\n"
        }),
        edited("two signatures on one tag", &["tag-multiple-signatures", "bad-signature"], |raw| {
            let at = raw.find("-----BEGIN").unwrap();
            raw.to_string() + &raw[at..]
        }),
        edited(
            "a quoted signature before the real one",
            &["tag-multiple-signatures", "bad-signature"],
            |raw| raw.replace("Release", "-----BEGIN PGP SIGNATURE-----\n\nRelease"),
        ),
        edited("a second object line", &["tag-malformed", "bad-signature"], |raw| {
            format!("object {}\n{raw}", "1".repeat(40))
        }),
        edited("a second tag line", &["tag-malformed", "bad-signature"], |raw| {
            raw.replacen("tag v1.0", "tag v1.0\ntag v2.0", 1)
        }),
        edited("a NUL in the message", &["tag-malformed", "bad-signature"], |raw| {
            raw.replace("Release", "Rel\0ease")
        }),
    ];
    all.extend(histories(&world));
    all
}

/// A commit that is on no allowed branch, in a repository where git says
/// that it is.
fn histories(world: &Rc<World>) -> Vec<Attack> {
    fn evil(world: &World) -> (String, String) {
        world.git(&["commit", "--quiet", "--allow-empty", "--message", "Second"]);
        let good = world.git(&["rev-parse", "main"]);
        world.git(&["checkout", "--quiet", "--orphan", "evil"]);
        world.git(&["commit", "--quiet", "--message", "Evil"]);
        world.tag("v1.0", &world.maintainer);
        (good, world.git(&["rev-parse", "evil"]))
    }
    fn git_believes(world: &World) {
        let evil = world.git(&["rev-parse", "evil"]);
        assert!(world.git(&["rev-list", "main"]).contains(&evil), "git says that it is on main");
    }
    let row = |name: &str, spoil: fn(&World)| spoilt(world, name, &["commit-not-on-branch"], spoil);
    vec![
        row("a commit that is on no allowed branch", |world| {
            evil(world);
        }),
        row("a graft that puts the commit onto the branch", |world| {
            let (good, evil) = evil(world);
            let info = world.path("hello/.git/info");
            fs::create_dir_all(&info).unwrap();
            fs::write(info.join("grafts"), format!("{good} {evil}\n")).unwrap();
            git_believes(world);
        }),
        row("a replacement that puts the commit onto the branch", |world| {
            let (good, evil) = evil(world);
            world.git(&["replace", "--graft", &good, &evil]);
            git_believes(world);
        }),
        row("a commit-graph that lies about parents", |world| {
            let (good, evil) = evil(world);
            world.git(&["commit-graph", "write", "--reachable"]);
            let path = world.path("hello/.git/objects/info/commit-graph");
            let graph = lie(fs::read(&path).unwrap(), &good, &evil);
            fs::remove_file(&path).unwrap();
            fs::write(&path, graph).unwrap();
            git_believes(world);
        }),
    ]
}

/// Makes `parent` the only parent of `child` in a commit-graph file
/// (gitformat-commit-graph).
fn lie(mut graph: Vec<u8>, child: &str, parent: &str) -> Vec<u8> {
    let number = |bytes: &[u8]| bytes.iter().fold(0usize, |all, byte| all << 8 | usize::from(*byte));
    let chunk = |graph: &[u8], id: &[u8]| {
        let lines = (0..usize::from(graph[6])).map(|line| 8 + line * 12);
        let line = lines.into_iter().find(|at| &graph[*at..*at + 4] == id).unwrap();
        number(&graph[line + 4..line + 12])
    };
    let (names, data) = (chunk(&graph, b"OIDL"), chunk(&graph, b"CDAT"));
    let count = (data - names) / 20;
    let position = |graph: &[u8], hex: &str| {
        let name = |index: &usize| &graph[names + index * 20..names + index * 20 + 20];
        let hex_of = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        (0..count).find(|index| hex_of(name(index)) == hex).unwrap()
    };
    let (child, parent) = (position(&graph, child), position(&graph, parent));
    let at = data + child * 36 + 20;
    graph[at..at + 4].copy_from_slice(&u32::try_from(parent).unwrap().to_be_bytes());
    let end = graph.len() - 20;
    let sum = sha1(&graph[..end]);
    graph[end..].copy_from_slice(&sum);
    graph
}
