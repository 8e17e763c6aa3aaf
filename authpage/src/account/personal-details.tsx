/** What a person says of themselves: shown, and changed in its place. */

import { useState } from "react";
import type { Profile } from "./api";
import { addressLines, dayWords, languageWords } from "./profile-fields";
import { ProfileForm } from "./profile-form";
import { LoadedSection, Notice, type Part, useFocusWhen } from "./section";

export function PersonalDetails({ part }: { part: Part<Profile> }) {
  return (
    <LoadedSection
      part={part}
      title="About you"
      about="Everything here is yours to give or to leave out. Applications see of it what you allow them."
      testId="account-profile"
    >
      {(profile) => <Details read={profile} />}
    </LoadedSection>
  );
}

function Details({ read }: { read: Profile }) {
  const [profile, setProfile] = useState(read);
  const [editing, setEditing] = useState(false);
  const [notice, setNotice] = useState<string | null>(null);
  const edit = useFocusWhen<HTMLButtonElement>(!editing);

  function begin() {
    setNotice(null);
    setEditing(true);
  }

  function saved(now: Profile | null) {
    if (now !== null) setProfile(now);
    setNotice(now === null ? "Nothing was changed." : "Your details are saved.");
    setEditing(false);
  }

  if (editing) return <ProfileForm profile={profile} onSaved={saved} onCancel={() => setEditing(false)} />;
  return (
    <>
      <Notice testId="profile-saved">{notice}</Notice>
      <Facts profile={profile} />
      <div className="form-actions">
        <button
          className="button quiet small"
          type="button"
          ref={edit}
          data-testid="profile-edit"
          onClick={begin}
        >
          Edit
        </button>
      </div>
    </>
  );
}

/** Only what is known. */
function Facts({ profile }: { profile: Profile }) {
  const born = profile.birth_date && dayWords(profile.birth_date);
  const facts: [string, string | undefined][] = [
    ["Name", [profile.given_name, profile.family_name].filter(Boolean).join(" ")],
    ["Called", profile.call_name],
    ["Phone", profile.phone],
    ["Date of birth", born && (profile.age_privacy ? `${born} (hidden from other members)` : born)],
    ["Education", profile.education],
    ["Address", addressLines(profile).join("\n")],
    ["Language of mails", profile.locale && languageWords(profile.locale)],
    ["Membership number", profile.membership_number],
    ["Member since", profile.joined && dayWords(profile.joined)],
  ];
  const known = facts.filter(([, value]) => value !== undefined && value !== "");
  if (known.length === 0) {
    return <p className="nothing">You have not said anything about yourself yet.</p>;
  }
  return (
    <dl className="facts labelled" data-testid="profile-facts">
      {known.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
