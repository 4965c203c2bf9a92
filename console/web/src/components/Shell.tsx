/** The frame around every page: top bar, side navigation, messages, and the page that the address names. */

import AppLayout from "@cloudscape-design/components/app-layout";
import BreadcrumbGroup from "@cloudscape-design/components/breadcrumb-group";
import Flashbar from "@cloudscape-design/components/flashbar";
import SideNavigation, { type SideNavigationProps } from "@cloudscape-design/components/side-navigation";
import TopNavigation from "@cloudscape-design/components/top-navigation";
import { Suspense, useEffect, useState } from "react";
import { useConsole } from "../context.tsx";
import { href, navigate, usePlace } from "../router.ts";
import { findPage } from "../pages/routes.tsx";
import { chooseTheme, chosenTheme, type Theme } from "../theme.ts";
import { Loading } from "./Loading.tsx";

const NAVIGATION: SideNavigationProps.Item[] = [
  { type: "link", text: "General purpose buckets", href: href("/buckets") },
  { type: "divider" },
  { type: "link", text: "Replication overview", href: href("/replication") },
  { type: "link", text: "Batch Operations", href: href("/jobs") },
  { type: "divider" },
  { type: "link", text: "Block Public Access settings for this account", href: href("/block-public-access") },
  { type: "divider" },
  {
    type: "section",
    text: "Access management",
    items: [
      { type: "link", text: "Users", href: href("/access/users") },
      { type: "link", text: "Roles", href: href("/access/roles") },
      { type: "link", text: "Policies", href: href("/access/policies") },
      { type: "link", text: "Account", href: href("/access/account") },
      { type: "link", text: "Accounts of this server", href: href("/access/accounts") },
    ],
  },
];

const THEMES: readonly { id: Theme; text: string }[] = [
  { id: "system", text: "As the system" },
  { id: "light", text: "Light" },
  { id: "dark", text: "Dark" },
];

export function Shell() {
  const place = usePlace();
  const { messages } = useConsole();
  const [open, setOpen] = useState(window.innerWidth > 900);
  const page = findPage(place);

  useEffect(() => {
    if (place.path === "/" || place.path === "/index.html") navigate(href("/buckets"), { replace: true });
  }, [place.path]);

  const last = page.trail.at(-1)?.text ?? "Buckets";
  useEffect(() => {
    document.title = `${last} | Farshore`;
  }, [last]);

  return (
    <>
      <TopBar />
      <AppLayout
        headerSelector="#top-navigation"
        navigation={
          <SideNavigation
            header={{ text: "Farshore S3", href: href("/buckets") }}
            items={NAVIGATION}
            activeHref={activeHref(place.path)}
          />
        }
        navigationOpen={open}
        onNavigationChange={({ detail }) => setOpen(detail.open)}
        breadcrumbs={<BreadcrumbGroup items={page.trail.map((step) => ({ text: step.text, href: step.href }))} />}
        notifications={<Flashbar items={messages} stackItems />}
        toolsHide
        maxContentWidth={page.wide ? Number.MAX_VALUE : 1280}
        content={<Suspense fallback={<Loading />}>{page.element}</Suspense>}
      />
    </>
  );
}

function TopBar() {
  const { client, signOut } = useConsole();
  const { accountId, userName, arn } = client.session.identity;
  const [theme, setTheme] = useState(chosenTheme());
  return (
    <div id="top-navigation">
      <TopNavigation
        identity={{ href: href("/buckets"), title: "Farshore", logo: { src: href("/logo.svg"), alt: "Farshore logo" } }}
        utilities={[
          {
            type: "menu-dropdown",
            iconName: "settings",
            ariaLabel: "Appearance",
            title: "Appearance",
            items: THEMES.map((each) => ({
              ...each,
              itemType: "checkbox" as const,
              checked: each.id === theme,
            })),
            onItemClick: ({ detail }) => {
              const chosen = THEMES.find((each) => each.id === detail.id)?.id ?? "system";
              chooseTheme(chosen);
              setTheme(chosen);
            },
          },
          {
            type: "menu-dropdown",
            text: userName === "root" ? accountId : `${userName} @ ${accountId}`,
            description: arn,
            iconName: "user-profile",
            items: [
              { id: "account", text: "Account", href: href("/access/account") },
              { id: "sign-out", text: "Sign out" },
            ],
            onItemClick: ({ detail }) => {
              if (detail.id === "sign-out") signOut();
            },
          },
        ]}
      />
    </div>
  );
}

function activeHref(path: string): string {
  const [, first = "buckets", second] = path.split("/");
  if (first === "access") return href(`/access/${second === "policy" ? "policies" : (second ?? "users")}`);
  if (first === "create-bucket") return href("/buckets");
  if (first === "create-job") return href("/jobs");
  return href(`/${first || "buckets"}`);
}
