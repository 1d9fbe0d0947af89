import { Link } from "./router";
import { chooseScheme, scheme } from "./scheme";
import type { Scheme } from "./scheme";
import { VIEWS } from "./views";
import { config } from "../client/config";
import { session, signOut } from "../client/session";
import { useStore } from "../client/store";
import type { IconName } from "../parts/Icon";
import { Icon } from "../parts/Icon";

export function Navigation({ current }: { current: string | undefined }) {
  const { token } = useStore(session);
  return (
    <nav className="navigation" aria-label="Views">
      <p className="brand">
        <Icon name="mark" />
        <span>agui_runtime</span>
      </p>
      <ul>
        {VIEWS.filter((view) => view.label).map(({ name, label, icon, paths }) => (
          <li key={name}>
            <Link to={paths[0] ?? ""} aria-current={name === current ? "page" : undefined}>
              {icon && <Icon name={icon} />}
              <span>{label}</span>
            </Link>
          </li>
        ))}
      </ul>
      <div className="navigation-end">
        {token && (
          <button className="quiet" onClick={signOut} title="Forget the token">
            <Icon name="key" />
            <span>Sign out</span>
          </button>
        )}
        <SchemeButton />
        <small className="version">{config().version}</small>
      </div>
    </nav>
  );
}

const NEXT: Record<Scheme, Scheme> = { system: "light", light: "dark", dark: "system" };
const LOOKS: Record<Scheme, [IconName, string]> = {
  system: ["screen", "As the system"],
  light: ["sun", "Light"],
  dark: ["moon", "Dark"],
};

function SchemeButton() {
  const chosen = useStore(scheme);
  const [icon, label] = LOOKS[chosen];
  return (
    <button
      className="quiet"
      onClick={() => chooseScheme(NEXT[chosen])}
      aria-label={`Colours: ${label}`}
      title={`Colours: ${label}`}
    >
      <Icon name={icon} />
      <span>{label}</span>
    </button>
  );
}
