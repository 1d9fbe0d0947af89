// Draws blocks in a CopilotKit page: `<CopilotKitProvider renderActivityMessages={BLOCKS}>`.
// What models wrote is drawn as text, and never as markup.
import type { ComponentType, ReactNode } from "react";
import { z } from "zod";
import { Chart } from "./Chart";
import {
  addressIn,
  isUnfinished,
  shown,
  type EntityContent,
  type TableContent,
  type TimelineContent,
} from "./content";

const CONTENT = z.record(z.string(), z.unknown());

export const BLOCKS = [
  renderer("chart", Chart),
  renderer("table", Table),
  renderer("timeline", Timeline),
  renderer("entity", Entity),
  { activityType: "*", content: CONTENT, render: OwnKind }, // where nobody else draws it
];

type Fields = Record<string, unknown>;

function renderer<Content>(kind: string, Block: ComponentType<{ content: Content }>) {
  return {
    activityType: `block.${kind}`,
    content: CONTENT,
    render: ({ content }: { content: Fields }) => (
      <Frame kind={kind} content={content}>
        <Block content={content as Content} />
      </Frame>
    ),
  };
}

function Frame({ kind, content, children }: { kind: string; content: Fields; children: ReactNode }) {
  return (
    <figure className="block" data-kind={kind} aria-label={kind}>
      {isUnfinished(content) ? (
        <Waiting kind={kind} refused={content.status === "refused"} />
      ) : (
        children
      )}
    </figure>
  );
}

/** A block of a kind that the server made up: its fields. */
function OwnKind({ activityType, content }: { activityType: string; content: Fields }) {
  if (!activityType.startsWith("block.")) return null;
  const { title, ...fields } = content;
  return (
    <Frame kind={activityType.slice("block.".length)} content={content}>
      <div className="block-entity">
        {typeof title === "string" && <p className="block-title">{title}</p>}
        <FieldList fields={fields} />
      </div>
    </Frame>
  );
}

function FieldList({ fields }: { fields: Fields }) {
  return (
    <dl>
      {Object.entries(fields).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <Value value={value} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Waiting({ kind, refused }: { kind: string; refused: boolean }) {
  const words = refused ? `This ${kind} could not be shown.` : `A ${kind} is being written…`;
  return <p className="block-waiting">{words}</p>;
}

function Table({ content }: { content: TableContent }) {
  return (
    <div className="block-table" tabIndex={0} role="group" aria-label={content.title ?? "Table"}>
      <table>
        {content.title && <caption>{content.title}</caption>}
        <thead>
          <tr>
            {content.headers.map((header, index) => (
              <th key={index} scope="col">
                {header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {content.rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={column} data-number={typeof cell === "number"}>
                  <Value value={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Timeline({ content }: { content: TimelineContent }) {
  return (
    <div className="block-timeline">
      {content.title && <p className="block-title">{content.title}</p>}
      <ol>
        {content.entries.map((entry) => (
          <li key={entry.id}>
            <time dateTime={new Date(entry.date).toISOString()}>{dateOf(entry.date)}</time>
            <strong>{entry.title}</strong>
            {entry.status && <span className="block-status">{entry.status}</span>}
            {entry.description && <p>{entry.description}</p>}
          </li>
        ))}
      </ol>
    </div>
  );
}

function Entity({ content }: { content: EntityContent }) {
  return (
    <div className="block-entity">
      <p className="block-title">
        {content.kind} {content.id}
      </p>
      <FieldList fields={content.data} />
    </div>
  );
}

function Value({ value }: { value: unknown }) {
  const address = addressIn(value);
  if (address === undefined) return shown(value);
  return (
    <a href={address} target="_blank" rel="noopener noreferrer">
      {shown(value)}
    </a>
  );
}

/** A day as it is written; a moment in the reader's own time. */
function dateOf(date: string | number): string {
  if (typeof date === "string" && !/[T ]/.test(date)) return date;
  return new Date(date).toLocaleString();
}
