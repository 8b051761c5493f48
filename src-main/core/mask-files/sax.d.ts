/** The few parts of sax 1.6 that `read-xml.ts` uses; the package brings no types. */
declare module 'sax' {
  type Attribute = { name: string; value: string };
  type Tag = { name: string; attributes: Record<string, string> };

  type SAXParser = {
    /** Names of the tags that are open. */
    tags: readonly unknown[];
    /** Zero-based. */
    line: number;
    /** The first error; nothing is parsed after it. */
    error: Error | null;
    onattribute: (attribute: Attribute) => void;
    onopentag: (tag: Tag) => void;
    onclosetag: (name: string) => void;
    ondoctype: (text: string) => void;
    onerror: (error: Error) => void;
    write(text: string): void;
    close(): void;
  };

  const sax: { SAXParser: new (isStrict: boolean) => SAXParser; MAX_BUFFER_LENGTH: number };
  export default sax;
}
