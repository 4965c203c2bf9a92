import Button from "@cloudscape-design/components/button";
import Form from "@cloudscape-design/components/form";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useEffect, useRef, useState } from "react";
import type { BucketPlace } from "../../api/buckets.ts";
import { Failure } from "../../components/Loading.tsx";
import { useConsole } from "../../context.tsx";
import type { Rule } from "../../model/replication.ts";
import { type Field, fieldOfError, problemsOf, type RuleDraft, ruleOf, scopeProblemOf } from "../../model/ruleDraft.ts";
import { messageOf } from "../../api/errors.ts";
import { href, navigate } from "../../router.ts";
import { ConfigurationSection } from "./ConfigurationSection.tsx";
import { DestinationSection } from "./DestinationSection.tsx";
import { ExistingObjectsDialog } from "./ExistingObjectsDialog.tsx";
import { OptionsSection } from "./OptionsSection.tsx";
import { RoleSection } from "./RoleSection.tsx";
import { RulePreview } from "./RulePreview.tsx";
import { SourceSection } from "./SourceSection.tsx";
import { saveRule } from "./saveRule.ts";

export interface SectionProperties {
  readonly draft: RuleDraft;
  readonly change: (part: Partial<RuleDraft>) => void;
  readonly errors: Partial<Record<Field, string>>;
}

interface Properties {
  readonly bucket: BucketPlace;
  /** All rules that are there. */
  readonly rules: readonly Rule[];
  readonly edited: Rule | undefined;
  readonly initial: RuleDraft;
}

export function RuleForm({ bucket, rules, edited, initial }: Properties) {
  const { client, tell } = useConsole();
  const [draft, setDraft] = useState(initial);
  const [errors, setErrors] = useState<Partial<Record<Field, string>>>({});
  const [failure, setFailure] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const [asking, setAsking] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const management = href(`/buckets/${encodeURIComponent(bucket.name)}`, { tab: "management" });
  const others = rules.filter((rule) => rule.id !== edited?.id);

  const change = (part: Partial<RuleDraft>) => {
    setDraft((before) => ({ ...before, ...part }));
    setErrors({});
  };
  // Once the errors are drawn: go where the first of them is.
  useEffect(() => {
    if (Object.keys(errors).length === 0) return;
    form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [errors]);

  const save = async () => {
    setFailure(undefined);
    const problems = problemsOf(draft);
    if (Object.keys(problems).length > 0) {
      setErrors(problems);
      return;
    }
    setBusy(true);
    try {
      const saved = await saveRule(client, bucket, draft, edited, (role) =>
        change({ roleChoice: "choose", chosenRole: role }),
      );
      tell({
        type: "success",
        header: `Replication rule "${draft.name.trim()}" is saved`,
        content: "It applies to new objects from now on.",
      });
      if (saved.newDestination) setAsking(true);
      else navigate(management);
    } catch (error) {
      const field = fieldOfError(error);
      if (field === "form") setFailure(error);
      else setErrors({ [field]: messageOf(error) });
    }
    setBusy(false);
  };

  const section = { draft, change, errors };
  return (
    <form
      ref={form}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <Form
        header={<Header variant="h1">{edited ? "Edit replication rule" : "Create replication rule"}</Header>}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" formAction="none" href={management}>
              Cancel
            </Button>
            <Button variant="primary" loading={busy}>
              Save
            </Button>
          </SpaceBetween>
        }
        errorText={
          Object.keys(errors).length > 0 ? "The rule is not saved: see the message beside the field above." : undefined
        }
      >
        <SpaceBetween size="l">
          {failure !== undefined && <Failure what="The rule could not be saved" error={failure} />}
          <ConfigurationSection {...section} others={others} />
          <SourceSection {...section} bucket={bucket} />
          <DestinationSection {...section} source={bucket} />
          <RoleSection {...section} source={bucket} rules={[...others, ruleOf(draft)]} />
          <OptionsSection {...section} />
          <RulePreview
            bucket={bucket}
            rule={ruleOf(draft)}
            others={others}
            scopeProblem={scopeProblemOf(draft)}
            role={{ create: undefined, choose: draft.chosenRole, enter: draft.enteredRole.trim() }[draft.roleChoice]}
          />
        </SpaceBetween>
      </Form>
      {asking && <ExistingObjectsDialog bucket={bucket} onNo={() => navigate(management)} />}
    </form>
  );
}
