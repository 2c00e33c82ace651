// Passkeys (WebAuthn): forms marked with data-passkey are shown where the browser can use them, and filled by it.
// "login" asks the hub for its options when the button is pressed; "get" and "create" find them in the page.

type Wire = Record<string, unknown>;

interface Json {
  parseCreationOptionsFromJSON(options: Wire): PublicKeyCredentialCreationOptions;
  parseRequestOptionsFromJSON(options: Wire): PublicKeyCredentialRequestOptions;
}

function inPage(): Wire {
  return JSON.parse(document.getElementById("passkey-options")?.textContent ?? "{}") as Wire;
}

function publicKeyOf(options: unknown): Wire {
  return (options as { publicKey: Wire }).publicKey;
}

async function made(form: HTMLFormElement, ways: Json): Promise<Credential | null> {
  const way = form.dataset.passkey;
  if (way === "create") {
    const options = publicKeyOf(inPage().creation_options);
    const passwordless = form.querySelector<HTMLInputElement>("[name=passwordless]")?.checked ?? false;
    options.authenticatorSelection = {
      ...(options.authenticatorSelection as Wire | undefined),
      residentKey: passwordless ? "required" : "discouraged",
      requireResidentKey: passwordless,
      ...(passwordless ? { userVerification: "required" } : {}),
    };
    return navigator.credentials.create({ publicKey: ways.parseCreationOptionsFromJSON(options) });
  }
  let options = inPage();
  if (way === "login") {
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    options = (await answer.json()) as Wire;
  }
  return navigator.credentials.get({ publicKey: ways.parseRequestOptionsFromJSON(publicKeyOf(options.request_options)) });
}

async function fill(form: HTMLFormElement, ways: Json): Promise<void> {
  const fault = form.querySelector<HTMLElement>("[role=alert][hidden], .fault[role=alert]");
  const field = form.querySelector<HTMLInputElement>("[name=credential]");
  if (fault) fault.hidden = true;
  try {
    const credential = (await made(form, ways)) as (Credential & { toJSON(): unknown }) | null;
    if (!credential || !field) throw new Error("no credential");
    field.value = JSON.stringify(credential.toJSON());
    form.submit();
  } catch {
    if (fault) fault.hidden = false;
  }
}

const able = window.PublicKeyCredential as unknown as Json | undefined;
if (able && typeof able.parseRequestOptionsFromJSON === "function") {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void fill(form, able);
    });
  }
}
