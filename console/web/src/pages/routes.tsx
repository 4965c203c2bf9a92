/** Address -> page. Each page is a chunk of its own, loaded when it is first opened. */

import { lazy, type ReactNode } from "react";
import { href, match, type Place } from "../router.ts";

export interface Page {
  readonly trail: readonly { readonly text: string; readonly href: string }[];
  readonly element: ReactNode;
  /** Takes all the width there is. */
  readonly wide: boolean;
}

const Buckets = lazy(() => import("./buckets/Buckets.tsx"));
const CreateBucket = lazy(() => import("./buckets/CreateBucket.tsx"));
const BucketPage = lazy(() => import("./buckets/BucketPage.tsx"));
const EmptyBucket = lazy(() => import("./buckets/EmptyBucket.tsx"));
const DeleteBucket = lazy(() => import("./buckets/DeleteBucket.tsx"));
const Upload = lazy(() => import("./objects/Upload.tsx"));
const ObjectPage = lazy(() => import("./objects/ObjectPage.tsx"));
const RulePage = lazy(() => import("./replication/RulePage.tsx"));
const VerifyPage = lazy(() => import("./replication/VerifyPage.tsx"));
const RuleForm = lazy(() => import("./replication/RuleFormPage.tsx"));
const Users = lazy(() => import("./access/Users.tsx"));
const UserPage = lazy(() => import("./access/UserPage.tsx"));
const Roles = lazy(() => import("./access/Roles.tsx"));
const RolePage = lazy(() => import("./access/RolePage.tsx"));
const Policies = lazy(() => import("./access/Policies.tsx"));
const PolicyPage = lazy(() => import("./access/PolicyPage.tsx"));
const Accounts = lazy(() => import("./access/Accounts.tsx"));
const Account = lazy(() => import("./access/Account.tsx"));
const AccountBlock = lazy(() => import("./access/AccountBlock.tsx"));
const Jobs = lazy(() => import("./jobs/Jobs.tsx"));
const JobPage = lazy(() => import("./jobs/JobPage.tsx"));
const CreateJob = lazy(() => import("./jobs/CreateJob.tsx"));
const Overview = lazy(() => import("./overview/Overview.tsx"));
const NotFound = lazy(() => import("./NotFound.tsx"));

const USERS = { text: "Users", href: href("/access/users") };
const ROLES = { text: "Roles", href: href("/access/roles") };
const POLICIES = { text: "Policies", href: href("/access/policies") };
const JOBS = { text: "Batch Operations", href: href("/jobs") };
const BUCKETS = { text: "Buckets", href: href("/buckets") };

interface Route {
  readonly pattern: string;
  readonly page: (found: Record<string, string>, query: URLSearchParams) => Page;
}

const ROUTES: readonly Route[] = [
  { pattern: "", page: () => page([BUCKETS], <Buckets />, true) },
  { pattern: "/buckets", page: () => page([BUCKETS], <Buckets />, true) },
  {
    pattern: "/create-bucket",
    page: () => page([BUCKETS, here("Create bucket")], <CreateBucket />),
  },
  {
    pattern: "/buckets/:bucket",
    page: ({ bucket = "" }, query) =>
      page(
        [BUCKETS, ...bucketTrail(bucket, query.get("prefix") ?? "")],
        <BucketPage key={bucket} name={bucket} />,
        true,
      ),
  },
  {
    pattern: "/buckets/:bucket/upload",
    page: ({ bucket = "" }, query) =>
      page(
        [BUCKETS, ...bucketTrail(bucket, query.get("prefix") ?? ""), here("Upload")],
        <Upload name={bucket} prefix={query.get("prefix") ?? ""} />,
      ),
  },
  {
    pattern: "/buckets/:bucket/object",
    page: ({ bucket = "" }, query) => {
      const key = query.get("key") ?? "";
      const folder = key.slice(0, key.lastIndexOf("/", key.length - 2) + 1);
      const versionId = query.get("versionId") ?? undefined;
      return page(
        [BUCKETS, ...bucketTrail(bucket, folder), here(key.slice(folder.length))],
        <ObjectPage key={`${bucket}/${key}?${versionId ?? ""}`} name={bucket} objectKey={key} versionId={versionId} />,
      );
    },
  },
  {
    pattern: "/buckets/:bucket/empty",
    page: ({ bucket = "" }) =>
      page([BUCKETS, ...bucketTrail(bucket), here("Empty bucket")], <EmptyBucket name={bucket} />),
  },
  {
    pattern: "/buckets/:bucket/delete",
    page: ({ bucket = "" }) =>
      page([BUCKETS, ...bucketTrail(bucket), here("Delete bucket")], <DeleteBucket name={bucket} />),
  },
  {
    pattern: "/buckets/:bucket/create-replication-rule",
    page: ({ bucket = "" }) =>
      page(
        [BUCKETS, ...ruleTrail(bucket), here("Create replication rule")],
        <RuleForm name={bucket} ruleId={undefined} />,
      ),
  },
  {
    pattern: "/buckets/:bucket/edit-replication-rule",
    page: ({ bucket = "" }, query) =>
      page(
        [BUCKETS, ...ruleTrail(bucket), here("Edit replication rule")],
        <RuleForm name={bucket} ruleId={query.get("rule") ?? ""} />,
      ),
  },
  {
    pattern: "/buckets/:bucket/replication-rule",
    page: ({ bucket = "" }, query) =>
      page(
        [BUCKETS, ...ruleTrail(bucket), here(query.get("rule") ?? "")],
        <RulePage name={bucket} ruleId={query.get("rule") ?? ""} />,
      ),
  },
  {
    pattern: "/buckets/:bucket/verify-replication",
    page: ({ bucket = "" }, query) => {
      const destination = query.get("destination") ?? "";
      return page(
        [BUCKETS, ...ruleTrail(bucket), here("Verify replication")],
        <VerifyPage key={`${bucket}/${destination}`} name={bucket} destination={destination} />,
      );
    },
  },
  { pattern: "/replication", page: () => page([here("Replication overview")], <Overview />, true) },
  { pattern: "/jobs", page: () => page([JOBS], <Jobs />, true) },
  {
    pattern: "/jobs/:id",
    page: ({ id = "" }, query) =>
      page([JOBS, here(id)], <JobPage key={id} id={id} region={query.get("region") ?? ""} />),
  },
  {
    pattern: "/create-job",
    page: (_found, query) =>
      page(
        [JOBS, here("Create job")],
        <CreateJob bucket={query.get("bucket") ?? ""} failedOnly={query.get("statuses") === "FAILED"} />,
      ),
  },
  { pattern: "/access/users", page: () => page([USERS], <Users />, true) },
  {
    pattern: "/access/users/:name",
    page: ({ name = "" }) => page([USERS, here(name)], <UserPage key={name} name={name} />),
  },
  { pattern: "/access/roles", page: () => page([ROLES], <Roles />, true) },
  {
    pattern: "/access/roles/:name",
    page: ({ name = "" }) => page([ROLES, here(name)], <RolePage key={name} name={name} />),
  },
  { pattern: "/access/policies", page: () => page([POLICIES], <Policies />, true) },
  {
    pattern: "/access/policy",
    page: (_found, query) => {
      const arn = query.get("arn") ?? "";
      return page([POLICIES, here(arn.slice(arn.lastIndexOf("/") + 1))], <PolicyPage key={arn} arn={arn} />);
    },
  },
  {
    pattern: "/block-public-access",
    page: () => page([here("Block Public Access settings for this account")], <AccountBlock />),
  },
  { pattern: "/access/accounts", page: () => page([here("Accounts")], <Accounts />, true) },
  { pattern: "/access/account", page: () => page([here("Account")], <Account />) },
];

export function findPage(place: Place): Page {
  for (const route of ROUTES) {
    const found = match(route.pattern, place.path);
    if (found) return route.page(found, place.query);
  }
  return page([BUCKETS, here("Not found")], <NotFound />);
}

function page(trail: Page["trail"], element: ReactNode, wide = false): Page {
  return { trail, element, wide };
}

function here(text: string) {
  return { text, href: "#" };
}

/** The bucket and the folders above a prefix, each a link. */
function bucketTrail(bucket: string, prefix = "") {
  const root = `/buckets/${encodeURIComponent(bucket)}`;
  const steps = [{ text: bucket, href: href(root) }];
  let place = "";
  for (const folder of prefix.split("/").slice(0, -1)) {
    place += `${folder}/`;
    steps.push({ text: `${folder}/`, href: href(root, { prefix: place }) });
  }
  return steps;
}

function ruleTrail(bucket: string) {
  const root = `/buckets/${encodeURIComponent(bucket)}`;
  return [
    { text: bucket, href: href(root) },
    { text: "Replication rules", href: href(root, { tab: "management" }) },
  ];
}
