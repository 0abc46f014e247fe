/** A top-level object of a JSON text, or why it cannot be read. */
export interface JsonPart {
  /** The line it begins at, from 1. */
  line: number;
  entry?: Record<string, unknown>;
  reason?: string;
}

/** A record longer than this is not kept: CloudFront's own limits end far below. */
const maxRecordLength = 256 * 1_024;

/**
 * Takes JSON piece by piece and gives its objects: one a line, several lines each, or the members of an array. An object that breaks off ends where a line
 * begins with the next one, so that one bad record costs no other.
 */
export function openJsonSplitter(): { push(text: string): JsonPart[]; end(): JsonPart[] } {
  let [line, startLine, depth] = [1, 1, 0];
  let [isText, isEscaped, isLineStart] = [false, false, true];
  let object = '';

  function close(parts: JsonPart[]): void {
    parts.push({ line: startLine, ...parse(object) });
    depth = 0;
    isText = false;
    object = '';
  }

  return {
    push(text) {
      const parts: JsonPart[] = [];
      let start = depth > 0 ? 0 : -1;
      for (let at = 0; at < text.length; at++) {
        const char = text.charCodeAt(at);
        if (char === 0x0a) {
          line++;
          isLineStart = true;
          continue;
        }
        const isFirst = isLineStart;
        isLineStart &&= char === 0x20 || char === 0x09 || char === 0x0d;
        if (depth > 0 && isFirst && char === 0x7b) {
          object += text.slice(start, at);
          close(parts);
        }
        if (isText) {
          if (isEscaped) isEscaped = false;
          else if (char === 0x5c) isEscaped = true;
          else if (char === 0x22) isText = false;
        } else if (char === 0x22) isText = depth > 0;
        else if (char === 0x7b) {
          if (depth === 0) [start, startLine] = [at, line];
          depth++;
        } else if (char === 0x7d && depth > 0) {
          depth--;
          if (depth > 0) continue;
          object += text.slice(start, at + 1);
          close(parts);
          start = -1;
        }
      }
      if (depth > 0 && object.length <= maxRecordLength) object += text.slice(start);
      return parts;
    },
    end() {
      const parts: JsonPart[] = [];
      if (depth > 0) close(parts);
      return parts;
    },
  };
}

function parse(text: string): Omit<JsonPart, 'line'> {
  if (text.length > maxRecordLength) return { reason: `a record of more than ${maxRecordLength} characters` };
  try {
    return { entry: JSON.parse(text) as Record<string, unknown> };
  } catch (error) {
    return { reason: `not JSON: ${(error as Error).message.slice(0, 120)}` };
  }
}
