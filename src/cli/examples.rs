//! One worked example for each command; a test parses every one of them.

pub(super) const TOP: &str = "\
Exit codes:
  0  yes, done, or already so
  1  everything was looked at and the answer is no: see the findings
  2  the request is wrong
  3  could not look; nothing is known

Every run prints one YAML document on standard output; people's text goes to
standard error.";

pub(super) const CHECKSUM: &str = "\
Example: what a build job hands on with its artifacts
  $ countersign checksum dist --output manifest.yaml";

pub(super) const VERIFY_TAG: &str = "\
Example:
  $ countersign verify-tag --repository nova --tag 33.0.2 \\
      --policy policy.yaml --keyring keyring --project openstack/nova";

pub(super) const COMPARE: &str = "\
Example: explain a tarball without any policy
  $ countersign compare --repository nova --tag 33.0.2 \\
      --artifact nova-33.0.2.tar.gz --preset git-archive@1 --explain all";

pub(super) const VALIDATE: &str = "\
Example: repeat a validation and compare the record with the published one
  $ countersign validate --repository nova --tag 33.0.2 \\
      --policy policy.yaml --keyring keyring --project openstack/nova \\
      --artifacts dist --at 2026-11-20T10:00:00Z --record record.yaml";

pub(super) const SIGN: &str = "\
Example: validate and sign in one process, the subkey from gpg
  $ gpg --export-secret-subkeys --armor SUBKEY! | countersign sign \\
      --repository nova --tag 33.0.2 --policy policy.yaml \\
      --keyring keyring --project openstack/nova --artifacts dist --key -";

pub(super) const VERIFY: &str = "\
Example: check a downloaded file with its .asc beside it
  $ countersign verify --keyring keyring nova-33.0.2.tar.gz

Example: check a whole folder against its signed checksum lists
  $ countersign verify --keyring keyring --policy policy.yaml \\
      --project openstack/nova site/openstack/nova

Example: check a release whose key has ended since, by a list that was signed in time
  $ countersign verify --keyring keyring --age-proof ages-2027.1 site/openstack/nova";

pub(super) const PUBLISH: &str = "\
Example:
  $ countersign publish --record dist/nova-33.0.2.tar.gz.validation.yaml \\
      --artifacts dist --policy policy.yaml --keyring keyring --site /srv/site";

pub(super) const POLICY_CHECK: &str = "\
Example:
  $ countersign policy check --policy policy.yaml --keyring keyring";

pub(super) const POLICY_EXPLAIN: &str = "\
Example:
  $ countersign policy explain openstack/nova --policy policy.yaml --version 33.0.2";

pub(super) const POLICY_DRAFT: &str = "\
The draft names no people and no key: fill them in. Paths that stay
unexplained are listed in it as comments, for you to look at.

Example: adopt a project by its last release
  $ countersign policy draft --repository nova --tag 33.0.2 \\
      --artifact nova-33.0.2.tar.gz --project openstack/nova --policy nova.yaml";

pub(super) const KEYRING_ADD: &str = "\
The fingerprint is the one that was compared with the person; it is held
against the file.

Example:
  $ countersign keyring add --keyring keyring ada.asc \\
      --fingerprint 0123456789ABCDEF0123456789ABCDEF01234567 \\
      --vetted-by Grace,in-person --vetted-at 2026-11-20 --project openstack/nova";

pub(super) const KEYRING_REMOVE: &str = "\
Somebody who leaves is retired, not removed: `keyring update --state retired`.

Example:
  $ countersign keyring remove --keyring keyring --policy policy.yaml \\
      0123456789ABCDEF0123456789ABCDEF01234567";

pub(super) const KEYRING_UPDATE: &str = "\
Example: a newer copy, for example with a later expiry or a revocation
  $ countersign keyring update --keyring keyring ada.asc

Example: somebody leaves; what they signed before still counts where a list of
signatures was signed in time (verify --age-proof)
  $ countersign keyring update --keyring keyring --state retired \\
      --since 2026-11-20 --fingerprint 0123456789ABCDEF0123456789ABCDEF01234567";

pub(super) const KEYRING_LIST: &str = "\
Example:
  $ countersign keyring list --keyring keyring";

pub(super) const KEYRING_SHOW: &str = "\
Example:
  $ countersign keyring show --keyring keyring 0123456789ABCDEF0123456789ABCDEF01234567";

pub(super) const KEYRING_CHECK: &str = "\
Example: the job to run daily
  $ countersign keyring check --keyring keyring --policy policy.yaml --within 60

Example: what CI says to a request under review
  $ countersign keyring check --keyring keyring --policy policy.yaml --request ada.yaml";

pub(super) const KEYRING_EXPORT: &str = "\
Example:
  $ countersign keyring export --keyring keyring --policy policy.yaml \\
      --project openstack/nova --format keys --output-dir site/keys";

pub(super) const KEYRING_REQUEST: &str = "\
Example:
  $ gpg --export-secret-subkeys --armor SUBKEY! | countersign keyring request \\
      --certificate ada.asc --project openstack/nova --statement why \\
      --request ada.yaml --key -";

pub(super) const KEY_GENERATE: &str = "\
The passphrase is asked twice on the terminal, or read from --passphrase-fd.

Example: a release key for one cycle
  $ countersign key generate --user-id release@example.org \\
      --expires 2027-11-20 --subkey-expires 2027-05-20 --output-dir ceremony";

pub(super) const KEY_CERTIFY: &str = "\
Example: the previous release key vouches for the new one
  $ countersign key certify new.asc --key previous.secret.asc \\
      --fingerprint 0123456789ABCDEF0123456789ABCDEF01234567 --output-dir certified";

pub(super) const KEY_EXTEND: &str = "\
Example:
  $ countersign key extend --key release.secret.asc --public published.asc \\
      --expires 2028-11-20 --subkey-expires 2028-05-20 --output-dir extended";

pub(super) const KEY_ROTATE: &str = "\
Example: a new subkey; the old one goes on until it ends
  $ countersign key rotate --key release.secret.asc --public published.asc \\
      --subkey-expires 2027-11-20 --old expires --output-dir rotated";

pub(super) const KEY_REVOKE: &str = "\
Example: the signing machine was broken into
  $ countersign key revoke --key release.secret.asc --public published.asc \\
      --subkey 0123456789ABCDEF0123456789ABCDEF01234567 --reason compromised \\
      --output-dir revoked";

pub(super) const KEY_EXPORT_SUBKEY: &str = "\
Example: for the secret store of CI, locked with a passphrase of its own
  $ countersign key export-subkey --key release.secret.asc --output-key ci.asc";

pub(super) const KEY_PUBLISH: &str = "\
Merges with what lies in the output folder already; nothing that was published
is ever dropped.

Example:
  $ countersign key publish rotated.asc --keyring keyring --output-dir site/keys";

pub(super) const KEY_CHECK: &str = "\
Example: daily, with the file that readers get and the subkey that CI has
  $ countersign key check --public site.asc --policy policy.yaml \\
      --project openstack/nova --days 30 --key -";
