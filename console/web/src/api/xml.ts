/** XML as the AWS protocols use it: elements with children or text; attributes and namespaces carry nothing we read. */

export class XmlElement {
  constructor(private readonly element: Element) {}

  get name(): string {
    return this.element.localName;
  }

  get content(): string {
    return this.element.textContent ?? "";
  }

  child(name: string): XmlElement | undefined {
    for (const child of this.element.children) if (child.localName === name) return new XmlElement(child);
    return undefined;
  }

  /** Children of this name, in order; all children without a name. */
  children(name?: string): XmlElement[] {
    const found: XmlElement[] = [];
    for (const child of this.element.children) {
      if (name === undefined || child.localName === name) found.push(new XmlElement(child));
    }
    return found;
  }

  /** The text at a path of child names ("Destination/Bucket"); undefined where an element is missing. */
  text(path: string): string | undefined {
    let place: XmlElement | undefined = this;
    for (const name of path.split("/")) place = place?.child(name);
    return place?.content;
  }

  number(path: string): number | undefined {
    const text = this.text(path);
    return text === undefined || text === "" ? undefined : Number(text);
  }

  flag(path: string): boolean {
    return this.text(path) === "true";
  }

  date(path: string): Date | undefined {
    const text = this.text(path);
    return text ? new Date(text) : undefined;
  }
}

/** The root element, or undefined when the text is no XML document. */
export function parseXml(text: string): XmlElement | undefined {
  const document = new DOMParser().parseFromString(text, "application/xml");
  const root = document.documentElement;
  if (!root || document.getElementsByTagName("parsererror").length > 0) return undefined;
  return new XmlElement(root);
}

/** An element to write: text, or children; what is undefined or false is left out. */
export type XmlContent = string | number | boolean | Xml | undefined | readonly XmlContent[];

export class Xml {
  constructor(
    readonly name: string,
    readonly content: XmlContent,
    readonly namespace?: string,
  ) {}

  toString(): string {
    const namespace = this.namespace === undefined ? "" : ` xmlns="${escape(this.namespace)}"`;
    return `<${this.name}${namespace}>${write(this.content)}</${this.name}>`;
  }
}

/** `el("Tag", el("Key", "a"))`; undefined content gives no element at all. */
export function el(name: string, content: XmlContent): Xml | undefined {
  return content === undefined ? undefined : new Xml(name, content);
}

const S3_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";
const S3_CONTROL_NAMESPACE = "http://awss3control.amazonaws.com/doc/2018-08-20/";

export function s3Document(name: string, content: XmlContent): string {
  return new Xml(name, content ?? [], S3_NAMESPACE).toString();
}

export function s3ControlDocument(name: string, content: XmlContent): string {
  return new Xml(name, content ?? [], S3_CONTROL_NAMESPACE).toString();
}

function write(content: XmlContent): string {
  if (content === undefined) return "";
  if (Array.isArray(content)) return content.map((each: XmlContent) => write(each)).join("");
  if (content instanceof Xml) return content.toString();
  return escape(String(content));
}

/** Also escapes what a reader would normalise: tabs and line ends inside keys and tags. */
function escape(text: string): string {
  return text.replace(/[&<>"\r\n\t]/g, (character) => `&#${character.charCodeAt(0)};`);
}
