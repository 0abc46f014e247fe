// The site's script: search, copy buttons, and the list of pages open where there is room for it.
import MiniSearch from 'minisearch';

const root = document.documentElement.dataset.root ?? '';
const input = document.querySelector('input[type=search]');
const found = document.querySelector('#found');
let search;

/** The index is loaded when a reader first searches; as a script, so that it loads from files too. */
function load() {
  search ??= new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = `${root}search-index.js`;
    script.onload = () =>
      resolve(MiniSearch.loadJS(globalThis.siteIndex, { fields: ['page', 'heading', 'text'], storeFields: ['page', 'heading'] }));
    script.onerror = reject;
    document.head.append(script);
  });
  return search;
}

async function show() {
  const query = input.value.trim();
  const index = await load();
  if (query !== input.value.trim()) return;
  found.hidden = query === '';
  const results = index.search(query, { prefix: true, fuzzy: 0.15, boost: { page: 4, heading: 3 }, combineWith: 'AND' }).slice(0, 12);
  found.replaceChildren(...(results.length === 0 ? [line('p', `Nothing found for “${query}”.`)] : results.map(link)));
}

function link({ id, page, heading }) {
  const entry = line('a', '');
  entry.href = `${root}${id}`;
  entry.append(line('b', heading || page), line('span', page));
  return entry;
}

function line(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

input.addEventListener('focus', load);
input.addEventListener('input', show);
document.addEventListener('keydown', (event) => {
  const entries = [input, ...found.querySelectorAll('a')];
  const at = entries.indexOf(document.activeElement);
  if (event.key === '/' && at < 0 && !event.ctrlKey && !event.metaKey) input.focus();
  else if (event.key === 'Escape' && at >= 0) {
    found.hidden = true;
    input.focus();
  } else if (event.key === 'ArrowDown' && at >= 0) entries[at + 1]?.focus();
  else if (event.key === 'ArrowUp' && at > 0) entries[at - 1].focus();
  else if (event.key === 'Enter' && at === 0) entries[1]?.click();
  else return;
  event.preventDefault();
});
document.addEventListener('click', ({ target }) => {
  if (!target.closest('search')) found.hidden = true;
});

for (const block of document.querySelectorAll('pre.commands')) {
  const button = line('button', 'Copy');
  button.type = 'button';
  button.addEventListener('click', async () => {
    const commands = [...block.querySelectorAll('b')].map(({ textContent }) => textContent.replace(/^\$ /, ''));
    await navigator.clipboard.writeText(`${commands.join('\n')}\n`);
    button.textContent = 'Copied';
    setTimeout(() => {
      button.textContent = 'Copy';
    }, 1_500);
  });
  const frame = line('div', '');
  frame.className = 'code';
  block.replaceWith(frame);
  frame.append(block, button);
}

if (matchMedia('(min-width: 900px)').matches) document.querySelector('.sidebar details').open = true;
document.querySelector('.sidebar [aria-current]')?.scrollIntoView({ block: 'nearest' });
