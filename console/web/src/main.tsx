import "@cloudscape-design/global-styles/index.css";
import "./page.css";
import { I18nProvider } from "@cloudscape-design/components/i18n";
import messages from "@cloudscape-design/components/i18n/messages/all.en";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Session } from "./api/session.ts";
import { App } from "./app.tsx";
import { followLinks } from "./router.ts";
import { followTheme } from "./theme.ts";

followTheme();
followLinks();
const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <I18nProvider locale="en" messages={[messages]}>
        <App session={new Session()} />
      </I18nProvider>
    </StrictMode>,
  );
}
